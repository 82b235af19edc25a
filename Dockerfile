# The command line. `docker build -t vocode-contract .`, then for example:
#
#   docker run --rm -e VOCODE_API_KEY -e VOCODE_CONTRACT_READ_ONLY=1 vocode-contract check --url https://staging.example.com
#   docker run --rm -v "$PWD:/work:ro" vocode-contract validate recorded/
#   docker run --rm -p 127.0.0.1:8000:8000 -e TOKEN=... vocode-contract \
#     simulate --host 0.0.0.0 --port 8000 --token-env TOKEN
#
# In a container, 127.0.0.1 is the container alone, so the simulator has to listen on 0.0.0.0: on every address of the
# container, for whoever reaches its network. It therefore wants a token of its own; -p 127.0.0.1:... keeps it on this host.

FROM python:3.13.9-slim-trixie AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY schemas schemas
COPY vocode_contract vocode_contract
RUN python -m venv --without-pip /opt/vocode-contract \
    && python -m pip --python /opt/vocode-contract/bin/python install --no-cache-dir \
        '.[pytest,hypothesis,fuzz,cli,yaml,overlay,audit]'

FROM python:3.13.9-slim-trixie
COPY --from=build /opt/vocode-contract /opt/vocode-contract
ENV PATH=/opt/vocode-contract/bin:$PATH
# A home, where the journal of created calls is kept. To write reports into a mounted directory, run the container with
# `--user "$(id -u)"`.
RUN useradd --create-home --uid 10001 contract
USER 10001
WORKDIR /work
ENTRYPOINT ["vocode-contract"]
CMD ["--help"]
