# syntax=docker/dockerfile:1
# The offline verifier. It needs no network: run it with --network none.
# Build from the root of the repository: docker build -f deploy/docker/nines-verify.Dockerfile -t nines-verify .

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
    cargo build --release --locked --target x86_64-unknown-linux-musl --package verify --bin nines-verify \
    && install -D target/x86_64-unknown-linux-musl/release/nines-verify /out/nines-verify

FROM scratch
COPY --from=build /out/nines-verify /usr/bin/nines-verify
USER 65532:65532
ENTRYPOINT ["/usr/bin/nines-verify"]
