"""Types of the contract of 2024-04-19, read as servers send it (profile wire)."""

# Written by tools/generate_types.py; do not edit.

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class FunctionCallActionTriggerConfig(TypedDict):
    """Configuration of a function call trigger; it has nothing to configure."""


class FunctionCallActionTrigger(TypedDict):
    """The language model decides when to take the action."""

    type: Literal["action_trigger_function_call"]
    config: NotRequired[FunctionCallActionTriggerConfig | None]


class PhraseTrigger(TypedDict):
    """One phrase and the conditions under which it counts."""

    phrase: str
    conditions: list[Literal["phrase_condition_type_contains"]]


class PhraseBasedActionTriggerConfig(TypedDict):
    """The phrases that set the action off."""

    phrase_triggers: list[PhraseTrigger]


class PhraseBasedActionTrigger(TypedDict):
    """Spoken phrases set the action off."""

    type: Literal["action_trigger_phrase_based"]
    config: PhraseBasedActionTriggerConfig


ActionTrigger = FunctionCallActionTrigger | PhraseBasedActionTrigger


class AddToConferenceConfig(TypedDict):
    """Whom to bring into the call, and how."""

    phone_number: str
    place_primary_on_hold: NotRequired[bool]


class AddToConferenceAction(TypedDict):
    """Stored action: bring another phone number into the call."""

    id: str
    user_id: str
    type: Literal["action_add_to_conference"]
    config: AddToConferenceConfig
    action_trigger: NotRequired[ActionTrigger]


class EmptyActionConfig(TypedDict):
    """Configuration of an action that has nothing to configure."""


class DTMFAction(TypedDict):
    """Stored action: press keys of the phone's keypad."""

    id: str
    user_id: str
    type: Literal["action_dtmf"]
    config: NotRequired[EmptyActionConfig | None]
    action_trigger: NotRequired[ActionTrigger]


class EndConversationAction(TypedDict):
    """Stored action: end the conversation."""

    id: str
    user_id: str
    type: Literal["action_end_conversation"]
    config: NotRequired[EmptyActionConfig | None]
    action_trigger: NotRequired[ActionTrigger]


class ExternalActionConfig(TypedDict):
    """Which server to ask, with what input, and what to say meanwhile."""

    processing_mode: NotRequired[Literal["muted"]]
    name: str
    description: str
    url: str
    input_schema: dict[str, Any]
    speak_on_send: bool
    speak_on_receive: bool


class ExternalAction(TypedDict):
    """Stored action: ask a server of the customer's own."""

    id: str
    user_id: str
    type: Literal["action_external"]
    config: ExternalActionConfig
    action_trigger: NotRequired[ActionTrigger]


class SetHoldAction(TypedDict):
    """Stored action: put the call on hold."""

    id: str
    user_id: str
    type: Literal["action_set_hold"]
    config: NotRequired[EmptyActionConfig | None]
    action_trigger: NotRequired[ActionTrigger]


class TransferCallConfig(TypedDict):
    """Where to transfer the call to."""

    phone_number: str


class TransferCallAction(TypedDict):
    """Stored action: hand the call over to another phone number."""

    id: str
    user_id: str
    type: Literal["action_transfer_call"]
    config: TransferCallConfig
    action_trigger: NotRequired[ActionTrigger]


Action = TransferCallAction | EndConversationAction | DTMFAction | AddToConferenceAction | SetHoldAction | ExternalAction


class AddToConferenceActionParams(TypedDict):
    """Described in the request: bring another phone number into the call."""

    type: Literal["action_add_to_conference"]
    config: AddToConferenceConfig
    action_trigger: NotRequired[ActionTrigger]


class DTMFActionParams(TypedDict):
    """Described in the request: press keys of the phone's keypad."""

    type: Literal["action_dtmf"]
    config: NotRequired[EmptyActionConfig | None]
    action_trigger: NotRequired[ActionTrigger]


class EndConversationActionParams(TypedDict):
    """Described in the request: end the conversation."""

    type: Literal["action_end_conversation"]
    config: NotRequired[EmptyActionConfig | None]
    action_trigger: NotRequired[ActionTrigger]


class ExternalActionParams(TypedDict):
    """Described in the request: ask a server of the customer's own."""

    type: Literal["action_external"]
    config: ExternalActionConfig
    action_trigger: NotRequired[ActionTrigger]


class SetHoldActionParams(TypedDict):
    """Described in the request: put the call on hold."""

    type: Literal["action_set_hold"]
    config: NotRequired[EmptyActionConfig | None]
    action_trigger: NotRequired[ActionTrigger]


class TransferCallActionParams(TypedDict):
    """Described in the request: hand the call over to another phone number."""

    type: Literal["action_transfer_call"]
    config: TransferCallConfig
    action_trigger: NotRequired[ActionTrigger]


ActionParamsRequest = TransferCallActionParams | EndConversationActionParams | DTMFActionParams | AddToConferenceActionParams | SetHoldActionParams | ExternalActionParams


InterruptSensitivity = Literal["low", "high"]


Language = Literal["en", "es", "de", "hi", "pt", "fr", "nl", "id", "it", "ja", "ko"]


class OpenAICredentials(TypedDict):
    """Key of the customer's own OpenAI account."""

    openai_api_key: str


class OpenAIAccountConnection(TypedDict):
    """A stored connection to the customer's own OpenAI account."""

    id: str
    user_id: str
    credentials: OpenAICredentials
    type: Literal["account_connection_openai"]


class PineconeVectorDatabase(TypedDict):
    """A stored connection to a Pinecone index in which an agent looks things up."""

    id: str
    user_id: str
    type: Literal["vector_database_pinecone"]
    index: str
    api_key: str
    api_environment: str


class CollectField(TypedDict):
    """One piece of information that the agent asks the person for."""

    field_type: Literal["field_type_email"]
    label: str
    name: str
    description: NotRequired[str | None]


class PromptTemplate(TypedDict):
    """A prompt with blanks, which the context of a call fills."""

    id: str
    user_id: str
    label: NotRequired[str]
    required_context_keys: list[str]


class Prompt(TypedDict):
    """What the agent is told to do, and what it shall collect."""

    id: str
    user_id: str
    content: NotRequired[str]
    collect_fields: NotRequired[list[CollectField] | None]
    context_endpoint: NotRequired[str | None]
    prompt_template: NotRequired[PromptTemplate | None]


class AzureVoice(TypedDict):
    """A stored voice from Azure."""

    id: str
    user_id: str
    type: Literal["voice_azure"]
    voice_name: str
    pitch: NotRequired[int]
    rate: NotRequired[int]


class ElevenLabsVoice(TypedDict):
    """A stored voice from ElevenLabs."""

    id: str
    user_id: str
    type: Literal["voice_eleven_labs"]
    voice_id: str
    stability: NotRequired[float | None]
    similarity_boost: NotRequired[float | None]
    api_key: NotRequired[str | None]
    optimize_streaming_latency: NotRequired[int | None]
    model_id: NotRequired[str | None]
    experimental_input_streaming: NotRequired[bool]


class PlayHtVoice(TypedDict):
    """A stored voice from PlayHT."""

    id: str
    user_id: str
    type: Literal["voice_play_ht"]
    voice_id: str
    api_user_id: NotRequired[str | None]
    api_key: NotRequired[str | None]
    version: NotRequired[Literal["1", "2"]]
    speed: NotRequired[float | None]
    quality: NotRequired[Literal["faster", "draft", "low", "medium", "high", "premium"] | None]
    temperature: NotRequired[float | None]
    top_p: NotRequired[float | None]
    text_guidance: NotRequired[float | None]
    voice_guidance: NotRequired[float | None]
    experimental_remove_silence: NotRequired[bool]


class Undefined(TypedDict):
    """An empty object that stands for an unset value; no key is allowed in it."""


class RimeVoice(TypedDict):
    """A stored voice from Rime."""

    id: str
    user_id: str
    type: Literal["voice_rime"]
    speaker: str
    speed_alpha: NotRequired[float | None]
    model_id: NotRequired[Literal["mist", "v1"] | Undefined | None]


Voice = AzureVoice | RimeVoice | ElevenLabsVoice | PlayHtVoice


EventType = Literal["event_message", "event_action", "event_phone_call_connected", "event_phone_call_ended", "event_phone_call_did_not_connect", "event_transcript", "event_recording", "event_human_detection"]


HTTPMethod = Literal["GET", "POST"]


class Webhook(TypedDict):
    """A stored address that is told about events of calls."""

    id: str
    user_id: str
    subscriptions: list[EventType]
    url: str
    method: NotRequired[HTTPMethod]


class Agent(TypedDict):
    """The agent that speaks in a call: its prompt, voice, actions and manners."""

    id: str
    user_id: str
    name: NotRequired[str | None]
    prompt: Prompt
    language: NotRequired[Language]
    actions: list[Action]
    voice: Voice
    initial_message: NotRequired[str | None]
    webhook: NotRequired[Webhook | None]
    vector_database: NotRequired[PineconeVectorDatabase | None]
    interrupt_sensitivity: NotRequired[InterruptSensitivity]
    context_endpoint: NotRequired[str | None]
    noise_suppression: NotRequired[bool]
    endpointing_sensitivity: NotRequired[Literal["auto", "relaxed", "sensitive"]]
    ivr_navigation_mode: NotRequired[Literal["default", "off"]]
    conversation_speed: NotRequired[float]
    initial_message_delay: NotRequired[float]
    openai_model_name_override: NotRequired[str | None]
    ask_if_human_present_on_idle: NotRequired[bool]
    openai_account_connection: NotRequired[OpenAIAccountConnection | None]
    run_do_not_call_detection: NotRequired[bool]
    llm_temperature: NotRequired[float]


class AzureVoiceParams(TypedDict):
    """A voice from Azure described in the request."""

    type: Literal["voice_azure"]
    voice_name: str
    pitch: NotRequired[int]
    rate: NotRequired[int]


CallStatus = Literal["not_started", "in_progress", "error", "ended"]


class TwilioTelephonyMetadata(TypedDict):
    """What Twilio reports about a call."""

    type: NotRequired[Literal["telephony_metadata_twilio"]]
    call_sid: NotRequired[str | None]
    call_status: NotRequired[str | None]
    transfer_call_sid: NotRequired[str | None]
    transfer_call_status: NotRequired[str | None]
    conference_sid: NotRequired[str | None]


class VonageTelephonyMetadata(TypedDict):
    """Marks a call as carried by Vonage; nothing more is reported."""

    type: NotRequired[Literal["telephony_metadata_vonage"]]


TelephonyMetadata = VonageTelephonyMetadata | TwilioTelephonyMetadata


class TwilioCredentials(TypedDict):
    """Account and token of the customer's own Twilio account."""

    twilio_account_sid: str
    twilio_auth_token: str


class TwilioAccountConnection(TypedDict):
    """A stored connection to the customer's own Twilio account."""

    id: str
    user_id: str
    credentials: TwilioCredentials
    type: Literal["account_connection_twilio"]
    steering_pool: NotRequired[list[str] | None]
    account_supports_any_caller_id: NotRequired[bool]


class Call(TypedDict):
    """One phone call: who talks to whom, which agent speaks, and what came of it."""

    id: str
    user_id: str
    status: NotRequired[CallStatus]
    error_message: NotRequired[str | None]
    recording_available: NotRequired[bool]
    transcript: NotRequired[str | None]
    human_detection_result: NotRequired[Literal["human", "no_human"] | None]
    do_not_call_result: NotRequired[bool | None]
    telephony_id: NotRequired[str | None]
    stage: NotRequired[Literal["created", "picked_up", "transfer_started", "transfer_successful"] | None]
    stage_outcome: NotRequired[Literal["human_unanswered", "call_did_not_connect", "human_disconnected", "bot_disconnected", "transfer_unanswered", "transfer_disconnected"] | None]
    telephony_metadata: NotRequired[TelephonyMetadata | None]
    to_number: str
    from_number: str
    agent: Agent
    telephony_provider: Literal["vonage", "twilio"]
    agent_phone_number: str
    start_time: NotRequired[str | None]
    end_time: NotRequired[str | None]
    hipaa_compliant: NotRequired[bool]
    on_no_human_answer: NotRequired[Literal["continue", "hangup"] | None]
    context: NotRequired[dict[str, str] | None]
    run_do_not_call_detection: NotRequired[bool | None]
    telephony_account_connection: NotRequired[TwilioAccountConnection | None]
    telephony_params: NotRequired[dict[str, str] | None]


class NormalizedCall(TypedDict):
    """A call as it stands in a list: the agent is an id, not an object."""

    id: str
    user_id: str
    status: NotRequired[CallStatus]
    error_message: NotRequired[str | None]
    recording_available: NotRequired[bool]
    transcript: NotRequired[str | None]
    human_detection_result: NotRequired[Literal["human", "no_human"] | None]
    do_not_call_result: NotRequired[bool | None]
    telephony_id: NotRequired[str | None]
    stage: NotRequired[Literal["created", "picked_up", "transfer_started", "transfer_successful"] | None]
    stage_outcome: NotRequired[Literal["human_unanswered", "call_did_not_connect", "human_disconnected", "bot_disconnected", "transfer_unanswered", "transfer_disconnected"] | None]
    telephony_metadata: NotRequired[TelephonyMetadata | None]
    to_number: str
    from_number: str
    agent: str
    telephony_provider: Literal["vonage", "twilio"]
    agent_phone_number: str
    start_time: NotRequired[str | None]
    end_time: NotRequired[str | None]
    hipaa_compliant: NotRequired[bool]
    on_no_human_answer: NotRequired[Literal["continue", "hangup"] | None]
    context: NotRequired[dict[str, str] | None]
    run_do_not_call_detection: NotRequired[bool | None]
    telephony_account_connection: NotRequired[str | TwilioAccountConnection | None]
    telephony_params: NotRequired[dict[str, str] | None]


class CallPage(TypedDict):
    """One page of the call list; every call names its agent by id."""

    items: list[NormalizedCall]
    page: int
    size: int
    has_more: bool
    total: int
    total_is_estimated: bool


class PineconeVectorDatabaseParams(TypedDict):
    """A connection to a Pinecone index described in the request."""

    type: Literal["vector_database_pinecone"]
    index: str
    api_key: str
    api_environment: str


class PromptParams(TypedDict):
    """A prompt described in the request."""

    content: NotRequired[str]
    collect_fields: NotRequired[list[CollectField] | None]
    context_endpoint: NotRequired[str | None]
    prompt_template: NotRequired[str | PromptTemplate | None]


class ElevenLabsVoiceParams(TypedDict):
    """A voice from ElevenLabs described in the request."""

    type: Literal["voice_eleven_labs"]
    voice_id: str
    stability: NotRequired[float | None]
    similarity_boost: NotRequired[float | None]
    api_key: NotRequired[str | None]
    optimize_streaming_latency: NotRequired[int | None]
    model_id: NotRequired[str | None]
    experimental_input_streaming: NotRequired[bool]


class PlayHtVoiceParams(TypedDict):
    """A voice from PlayHT described in the request."""

    type: Literal["voice_play_ht"]
    voice_id: str
    api_user_id: NotRequired[str | None]
    api_key: NotRequired[str | None]
    version: NotRequired[Literal["1", "2"]]
    speed: NotRequired[float | None]
    quality: NotRequired[Literal["faster", "draft", "low", "medium", "high", "premium"] | None]
    temperature: NotRequired[float | None]
    top_p: NotRequired[float | None]
    text_guidance: NotRequired[float | None]
    voice_guidance: NotRequired[float | None]
    experimental_remove_silence: NotRequired[bool]


class RimeVoiceParams(TypedDict):
    """A voice from Rime described in the request."""

    type: Literal["voice_rime"]
    speaker: str
    speed_alpha: NotRequired[float | None]
    model_id: NotRequired[Literal["mist", "v1"] | Undefined | None]


VoiceParamsRequest = AzureVoiceParams | RimeVoiceParams | ElevenLabsVoiceParams | PlayHtVoiceParams


class WebhookParams(TypedDict):
    """A webhook described in the request."""

    subscriptions: list[EventType]
    url: str
    method: NotRequired[HTTPMethod]


class CreateCallAgentParams(TypedDict):
    """An agent described in the request, for one call."""

    name: NotRequired[str | None]
    prompt: str | PromptParams
    language: NotRequired[Language]
    actions: NotRequired[list[str | ActionParamsRequest]]
    voice: NotRequired[str | VoiceParamsRequest | None]
    initial_message: NotRequired[str | None]
    webhook: NotRequired[str | WebhookParams | None]
    vector_database: NotRequired[str | PineconeVectorDatabaseParams | None]
    interrupt_sensitivity: NotRequired[InterruptSensitivity]
    context_endpoint: NotRequired[str | None]
    noise_suppression: NotRequired[bool]
    endpointing_sensitivity: NotRequired[Literal["auto", "relaxed", "sensitive"]]
    ivr_navigation_mode: NotRequired[Literal["default", "off"]]
    conversation_speed: NotRequired[float]
    initial_message_delay: NotRequired[float]
    openai_model_name_override: NotRequired[str | None]
    ask_if_human_present_on_idle: NotRequired[bool]
    openai_account_connection: NotRequired[OpenAIAccountConnection | str | None]
    run_do_not_call_detection: NotRequired[bool]
    llm_temperature: NotRequired[float]


class CreateCallRequest(TypedDict):
    """Body of Create Call: whom to ring, from which number, with which agent."""

    from_number: str
    to_number: str
    agent: str | CreateCallAgentParams
    on_no_human_answer: NotRequired[Literal["continue", "hangup"]]
    run_do_not_call_detection: NotRequired[bool | None]
    hipaa_compliant: NotRequired[bool]
    context: NotRequired[dict[str, str] | None]
    telephony_params: NotRequired[dict[str, str] | None]


class ExternalActionAnswer(TypedDict):
    """What the customer's server answers to an external action."""

    result: dict[str, Any]
    agent_message: NotRequired[str]


class ExternalActionRequest(TypedDict):
    """What an external action sends to the customer's server; it waits 10 seconds for the answer."""

    payload: dict[str, Any]
    call_id: str


class ValidationError(TypedDict):
    """One thing that was wrong with the request."""

    loc: list[str | int]
    msg: str
    type: str


class HTTPValidationError(TypedDict):
    """Body of a 422 answer: what was wrong with the request."""

    detail: NotRequired[list[ValidationError] | None]


class HumanDetectionEventPayload(TypedDict):
    """What human detection found."""

    result: Literal["human", "no_human"]


class HumanDetectionEvent(TypedDict):
    """Tells whether a person answered the call; the only event with a documented payload."""

    type: Literal["event_human_detection"]
    call_id: str
    payload: HumanDetectionEventPayload


class OtherEvent(TypedDict):
    """Any event whose payload is not documented."""

    type: Literal["event_message", "event_action", "event_phone_call_connected", "event_phone_call_ended", "event_phone_call_did_not_connect", "event_transcript", "event_recording"]
    call_id: str
    payload: NotRequired[dict[str, Any] | None]


WebhookEvent = HumanDetectionEvent | OtherEvent
