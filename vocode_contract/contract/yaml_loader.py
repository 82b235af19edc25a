"""Load YAML whose author may be anybody, in bounded time and memory; importing this module needs PyYAML."""

from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are no dependency of ours

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C takes a tenth of the time
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MERGE, _TEXT, _TIME = (f"tag:yaml.org,2002:{name}" for name in ("merge", "str", "timestamp"))
#: Characters of a number; more are text.
_LONGEST = 100


class LimitedLoader(_Base):  # type: ignore[misc]  # untyped, see above
    """Refuses what takes more than linear time or memory, and reads a date as the text that it is, as JSON does."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIME]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }

    def __init__(self, stream: bytes, most: int) -> None:
        """Load at most so many values; those of a merged mapping count wherever it is merged."""
        super().__init__(stream)
        self._left = most

    def descend_resolver(self, _node: Any, _index: Any) -> None:
        """Count a value; called for each, but its own purpose is one that a safe loader does not have."""
        self._add(1)

    def ascend_resolver(self) -> None:
        """Do nothing, see above."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a value; the patterns of numbers take much memory for long text."""
        if kind is yaml.ScalarNode and len(value) > _LONGEST and implicit[0]:
            return _TEXT
        return super().resolve(kind, value, implicit)

    def flatten_mapping(self, node: Any) -> None:
        """Merge other mappings into one, counted before it is done."""
        for key, value in node.value:
            if key.tag == _MERGE:
                self._add(len(node.value))
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if isinstance(source, yaml.MappingNode):
                        self.flatten_mapping(source)
                        self._add(len(source.value) + 1)
        super().flatten_mapping(node)

    def construct_number(self, node: Any) -> Any:
        """Return a number that JSON can hold; wide integers have equal hashes, which makes mappings slow."""
        text = self.construct_scalar(node)
        if len(text) > _LONGEST:
            return text
        value = self.construct_yaml_int(node) if node.tag == _NUMBERS[0] else self.construct_yaml_float(node)
        return value if isinstance(value, float) or -(2**63) <= value < 2**64 else float(value)

    def _add(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise ValueError


for _tag in _NUMBERS:
    LimitedLoader.add_constructor(_tag, LimitedLoader.construct_number)
