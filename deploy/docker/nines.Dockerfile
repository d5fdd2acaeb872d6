# syntax=docker/dockerfile:1
# The collector and every other command of `nines`, as one static binary on an empty image.
# Build from the root of the repository: docker build -f deploy/docker/nines.Dockerfile -t nines .

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
    cargo build --release --locked --target x86_64-unknown-linux-musl --package cli --bin nines \
    && install -D target/x86_64-unknown-linux-musl/release/nines /out/nines \
    && mkdir -p /out/state

FROM busybox:1.37-musl AS busybox

FROM scratch
# Roots for outgoing TLS (alerts, object storage, probes).
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# One applet for the health check; under this name it is no shell.
COPY --from=busybox /bin/wget /bin/wget
COPY --from=build /out/nines /usr/bin/nines
# A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /out/state /var/lib/nines
USER 65532:65532
ENTRYPOINT ["/usr/bin/nines"]
