#!/usr/bin/env bash
# Builds the Go component of the tests: build.sh FOLDER puts the program and the descriptor set of the
# protocol there. Everything that is generated stays in that folder.
set -euo pipefail
cd "$(dirname "$0")"
HERE=$PWD
PROTO=$(cd ../../../proto && pwd)
BUF=$(cd ../../../node_modules/.bin && pwd)/buf
OUT=$1
mkdir -p "$OUT/source" "$OUT/bin"

"$BUF" build "$PROTO" -o "$OUT/descriptors.binpb"

GOBIN="$OUT/bin" go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.10
GOBIN="$OUT/bin" go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0
rm -rf "$OUT/source/gen"
cp "$HERE/go.mod" "$HERE"/*.go "$OUT/source/"
[ ! -f "$HERE/go.sum" ] || cp "$HERE/go.sum" "$OUT/source/"
PACKAGE=flowctl.test/components/gen/flowctl/v1
MAPPED=$(for name in common source processor consumer control_plane; do
  printf '"Mflowctl/v1/%s.proto=%s",' "$name" "$PACKAGE"
done)
"$BUF" generate "$PROTO" --path "$PROTO/flowctl/v1" --output "$OUT/source" --template "{
  \"version\": \"v2\",
  \"plugins\": [
    { \"local\": \"$OUT/bin/protoc-gen-go\", \"out\": \".\",
      \"opt\": [${MAPPED}\"module=flowctl.test/components\"] },
    { \"local\": \"$OUT/bin/protoc-gen-go-grpc\", \"out\": \".\",
      \"opt\": [${MAPPED}\"module=flowctl.test/components\"] }
  ]
}"
(cd "$OUT/source" && GOFLAGS=-mod=mod go build -o "$OUT/bin/go-component" .)
