# syntax=docker/dockerfile:1
# The probe agent, as one static binary on an empty image.
# Build from the root of the repository: docker build -f deploy/docker/nines-agent.Dockerfile -t nines-agent .

FROM rust:1.95.0-bookworm AS build
# The image's own toolchain, without the development components that rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0
# Compiles the C parts (aws-lc, zstd) for a static binary.
ENV CC_x86_64_unknown_linux_musl=musl-gcc
# Debian keeps one version of a package.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends musl-tools \
    && rm -rf /var/lib/apt/lists/* \
    && rustup target add x86_64-unknown-linux-musl
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,id=nines-target,sharing=locked \
    cargo build --profile small --locked --target x86_64-unknown-linux-musl --package agent --bin nines-agent \
    && install -D target/x86_64-unknown-linux-musl/small/nines-agent /out/nines-agent \
    && mkdir -p /out/state

FROM scratch
# Roots for TLS to providers and collector.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/nines-agent /usr/bin/nines-agent
# A new volume takes its owner from here: the agent's key and its spool.
COPY --from=build --chown=65532:65532 /out/state /var/lib/nines-agent
USER 65532:65532
ENTRYPOINT ["/usr/bin/nines-agent"]
