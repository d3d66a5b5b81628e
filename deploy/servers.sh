#!/usr/bin/env bash
# Gets the real servers that the server tests run against. Each is looked for on PATH and in the cache first and got only
# where it is absent; running this again does nothing. The tests start and stop the servers themselves.
#
#   deploy/servers.sh get [mosquitto] [postgresql] [pgbouncer] [chromium] [fonts] [kafka] [libfiu] [influxdb]    all by default
#   deploy/servers.sh get telegraf                                                  the peer that figures compare with
#   deploy/servers.sh where                                                         says where each one is
set -euo pipefail

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/fettle"
SELF="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/$(basename "${BASH_SOURCE[0]}")"
INFLUXDB_VERSION=2.9.1
INFLUXDB_HOME="$CACHE/influxd-$INFLUXDB_VERSION"
KAFKA_VERSION=4.1.1
KAFKA_HOME="$CACHE/kafka-$KAFKA_VERSION"
TELEGRAF_VERSION=1.39.3
TELEGRAF_HOME="$CACHE/telegraf-$TELEGRAF_VERSION"
ALL=(mosquitto postgresql pgbouncer chromium fonts kafka libfiu influxdb)
KNOWN=("${ALL[@]}" telegraf)

say() { printf '%s\n' "$*" >&2; }

# Prints where a program is; fails where it is absent. Folders that a user's PATH may lack are looked at as well.
find_program() {
  local folders
  folders="$PATH:/usr/sbin:$INFLUXDB_HOME:$TELEGRAF_HOME$(printf ':%s' /usr/lib/postgresql/*/bin)"
  PATH="$folders" command -v "$1"
}

# Which program tells that a server is there.
program_of() {
  case "$1" in
    mosquitto) echo mosquitto ;;
    postgresql) echo initdb ;;
    pgbouncer) echo pgbouncer ;;
    chromium) echo chromium ;;
    fonts) echo fc-list ;;
    influxdb) echo influxd ;;
    kafka) echo java ;;
    libfiu) echo fiu-run ;;
    telegraf) echo telegraf ;;
    *) say "There is no server called '$1'; there are: ${KNOWN[*]}."; exit 2 ;;
  esac
}

# Prints where a server is; fails where it is absent. Kafka is a folder of jars beside the program java.
find_server() {
  find_program "$(program_of "$1")" >/dev/null || return 1
  case "$1" in
    fonts) fc-list :lang=zh file | sed -n '1s/: *$//p' | grep . ;;
    kafka) [ -f "$KAFKA_HOME/libs/kafka_2.13-$KAFKA_VERSION.jar" ] && echo "$KAFKA_HOME" ;;
    *) find_program "$(program_of "$1")" ;;
  esac
}

# Debian packages, for root only; anybody else is told what to install.
get_packages() {
  if ! command -v apt-get >/dev/null; then
    say "Missing: $* (Debian's names); install them with this system's package manager."
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    say "Missing: $*; install them with: sudo apt-get install $*"
    return 1
  fi
  say "Installing $*"
  local log
  log="$(mktemp)"
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    say "Could not install $*; see $log."
    return 1
  fi
  rm -f "$log"
}

# What the build of InfluxDB needs; prints the names of Debian packages or programs that are absent.
absent_for_influxdb() {
  local absent=()
  command -v go >/dev/null || absent+=("go (1.24 or newer)")
  command -v cargo >/dev/null || absent+=("cargo")
  command -v gcc >/dev/null || absent+=("gcc")
  command -v pkg-config >/dev/null || absent+=("pkg-config")
  [ ${#absent[@]} -eq 0 ] || printf '%s, ' "${absent[@]}" | sed 's/, $//'
}

# InfluxDB 2 is built from its Go module: a module of our own that requires it, because its own replace directives forbid a
# plain install. Two parts are wrapped: its pkg-config, which must stay off PATH, and rustc, whose newer lints stop the build.
build_influxdb() {
  local absent build
  absent="$(absent_for_influxdb)"
  if [ -n "$absent" ]; then
    say "InfluxDB $INFLUXDB_VERSION is missing and can't be built here without: $absent. Install these, or InfluxDB itself."
    return 1
  fi
  build="$CACHE/build-influxd-$INFLUXDB_VERSION"
  mkdir -p "$build" "$INFLUXDB_HOME"
  say "Building InfluxDB $INFLUXDB_VERSION (about ten minutes, once); the log is $build/build.log"
  if ! (cd "$build" && bash "$SELF" compile-influxdb) >"$build/build.log" 2>&1; then
    tail -n 5 "$build/build.log" >&2
    say "InfluxDB could not be built; see $build/build.log."
    return 1
  fi
  mv "$build/influxd" "$INFLUXDB_HOME/influxd"
  rm -rf "$build"
}

# Runs in a shell of its own, in the folder of the build, so that its first failure ends it.
compile_influxdb() {
  export GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=1
  [ -f go.mod ] || go mod init fettle.local/influxd
  go get "github.com/influxdata/influxdb/v2/cmd/influxd@v$INFLUXDB_VERSION" github.com/influxdata/pkg-config@v0.3.0
  mkdir -p wrapped
  go build -o wrapped/pkg-config github.com/influxdata/pkg-config
  printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >rustc-warn
  chmod +x rustc-warn
  export PKG_CONFIG="$PWD/wrapped/pkg-config" RUSTC_WRAPPER="$PWD/rustc-warn"
  if command -v rustup >/dev/null; then
    RUSTUP_TOOLCHAIN="$(cd / && rustup show active-toolchain | awk '{print $1}')"
    export RUSTUP_TOOLCHAIN
  fi
  go build -p 2 -tags sqlite_foreign_keys,sqlite_json -ldflags "-s -w -X main.version=v$INFLUXDB_VERSION" \
    -o influxd github.com/influxdata/influxdb/v2/cmd/influxd
}

# Kafka's jars come as Maven artifacts: a project of our own that requires the broker, and nothing but copies its jars.
# The 1.7 binding of slf4j is the one that this broker logs through.
get_kafka() {
  local absent=() build
  command -v java >/dev/null || absent+=(openjdk-17-jre-headless)
  command -v mvn >/dev/null || absent+=(maven)
  if [ ${#absent[@]} -gt 0 ]; then get_packages "${absent[@]}" || return 1; fi
  build="$CACHE/build-kafka-$KAFKA_VERSION"
  rm -rf "$build"
  mkdir -p "$build" "$KAFKA_HOME"
  cat >"$build/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>fettle.local</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
  say "Getting Kafka $KAFKA_VERSION (43 MB, once)"
  if ! (cd "$build" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=libs -DincludeScope=runtime) >"$build/log" 2>&1; then
    tail -n 5 "$build/log" >&2
    say "Kafka could not be got; see $build/log."
    return 1
  fi
  rm -rf "$KAFKA_HOME/libs"
  mv "$build/libs" "$KAFKA_HOME/libs"
  rm -rf "$build"
}

build_telegraf() {
  if ! command -v go >/dev/null; then
    say "Telegraf $TELEGRAF_VERSION is missing and can't be built here without: go. Install it, or Telegraf itself."
    return 1
  fi
  mkdir -p "$TELEGRAF_HOME"
  say "Building Telegraf $TELEGRAF_VERSION (about a minute, once); the log is $TELEGRAF_HOME/build.log"
  local tags=custom,inputs.mqtt_consumer,outputs.influxdb_v2,parsers.json,parsers.json_v2,parsers.influx,parsers.value
  if ! CGO_ENABLED=0 GOTOOLCHAIN=local GOBIN="$TELEGRAF_HOME" go install -p 2 -ldflags '-s -w' -tags "$tags" \
    "github.com/influxdata/telegraf/cmd/telegraf@v$TELEGRAF_VERSION" >"$TELEGRAF_HOME/build.log" 2>&1; then
    tail -n 5 "$TELEGRAF_HOME/build.log" >&2
    say "Telegraf could not be built; see $TELEGRAF_HOME/build.log."
    return 1
  fi
}

get() {
  find_server "$1" >/dev/null && return 0
  case "$1" in
    mosquitto) get_packages mosquitto mosquitto-clients ;;
    postgresql) get_packages postgresql ;;
    pgbouncer) get_packages pgbouncer ;;
    chromium) get_packages chromium ;;
    fonts) get_packages fontconfig fonts-noto-cjk ;; # Chinese on pictures of the console
    libfiu) get_packages fiu-utils ;;
    influxdb) build_influxdb ;;
    kafka) get_kafka ;;
    telegraf) build_telegraf ;;
  esac
}

main() {
  local command="${1:-}" name failed=0
  shift || true
  local names=("$@")
  [ ${#names[@]} -gt 0 ] || names=("${ALL[@]}")
  for name in "${names[@]}"; do program_of "$name" >/dev/null; done
  case "$command" in
    get)
      for name in "${names[@]}"; do get "$name" || failed=1; done
      ;;
    where)
      for name in "${names[@]}"; do
        printf '%s\t%s\n' "$name" "$(find_server "$name" || echo absent)"
      done
      ;;
    *)
      say "Usage: deploy/servers.sh get|where [${KNOWN[*]}]"
      exit 2
      ;;
  esac
  return "$failed"
}

if [ "${1:-}" = compile-influxdb ]; then compile_influxdb; else main "$@"; fi
