#!/bin/bash
# Schemathesis makes requests of the native API's OpenAPI document, good and bad ones, and looks at what
# comes back: schema.sh BLIP [EXAMPLES] [SEED]
#   EXAMPLES  for each operation and phase [50]
#   SEED      makes the same requests again [a new one]
# It is installed into build/schemathesis-venv once.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$(realpath "${1:?usage: schema.sh BLIP [EXAMPLES]}")
examples=${2:-50}
seed=${3:+--seed=$3}
venv=$root/build/schemathesis-venv
if [[ ! -x $venv/bin/schemathesis ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q -r "$here/requirements.txt"
fi

library=$(mktemp -d)
server=
clean() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$library"
}
trap clean EXIT
export BLIP_MODEL_PATH=$root/models
"$program" index "$root/examples/photos" --tags --thumbnails -q --index "$library/library.db"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# URLs of any length: schemathesis does not know that 414 comes before all else.
"$program" serve --listen "127.0.0.1:$port" --log off --max-url 1M --max-header 2M \
  --library "$library/library.db" --policy "$root/examples/moderation/policy.json" &
server=$!
until curl -fs -o /dev/null "http://127.0.0.1:$port/readyz"; do
  kill -0 "$server"
  sleep 0.2
done
# It keeps what it found where it is started.
cd "$root/build"
# Checked: no status of 500 and above, every status, type and body as the document says, bad
# requests refused, good ones not. Whether a picture can be read, no schema can say: 422 is right.
"$venv/bin/schemathesis" run "http://127.0.0.1:$port/openapi.json" --max-examples "$examples" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection,unsupported_method \
  --request-timeout 60 --continue-on-failure $seed
