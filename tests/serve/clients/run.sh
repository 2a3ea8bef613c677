#!/bin/bash
# Runs real clients against `blip serve` on a free port: tests/serve/clients/run.sh BUILD [CLIENT…]
#   BUILD   where the program was built: build/release
#   CLIENT  a script of this directory; without one, all of them
# The clients are installed below BUILD/serve-clients once. A client that cannot be installed is
# skipped by name; one that fails makes this fail. BLIP_SERVE_URL: a server that runs already.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
build=$(cd "${1:?usage: run.sh BUILD [CLIENT…]}" && pwd)
shift
place=$build/serve-clients
mkdir -p "$place"

program=$(find "$build" -name blip -type f -perm -u+x | head -1)
if [[ -z $program && -z ${BLIP_SERVE_URL:-} ]]; then
  echo "run.sh: no program blip in $build" >&2
  exit 2
fi

# One package after the other: a client that cannot be had does not take the others with it.
if [[ ! -x $place/venv/bin/python ]]; then python3 -m venv "$place/venv"; fi
if ! "$place/venv/bin/pip" install -q -r "$here/requirements.txt" 2>"$place/pip.log"; then
  while read -r requirement; do
    [[ $requirement == \#* || -z $requirement ]] && continue
    "$place/venv/bin/pip" install -q "$requirement" 2>>"$place/pip.log" ||
      echo "run.sh: $requirement cannot be installed (see $place/pip.log)" >&2
  done <"$here/requirements.txt"
fi
have_node=0
if command -v node >/dev/null && [[ $(node -p 'process.versions.node.split(".")[0]') -ge 20 ]]; then
  have_node=1
  cp "$here/package.json" "$place/"
  command -v npm >/dev/null && (cd "$place" && npm install --silent --no-audit --no-fund) ||
    echo "run.sh: npm's clients cannot be installed" >&2
fi

url=${BLIP_SERVE_URL:-}
if [[ -z $url ]]; then
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  url=http://127.0.0.1:$port
  BLIP_MODEL_PATH=$root/models "$program" serve --listen "127.0.0.1:$port" \
    -m nano-captioning -m nano-vqa -m nano-retrieval -m nano-classifier \
    --media-root "$root/examples/photos" >"$place/server.log" 2>&1 &
  server=$!
  trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
  ready=0
  for _ in $(seq 600); do
    if curl -fs -o "$place/ready" "$url/readyz"; then ready=1; break; fi
    if ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 0.2
  done
  if [[ $ready == 0 ]]; then
    echo "run.sh: the server is not ready:" >&2
    cat "$place/server.log" >&2
    exit 1
  fi
fi

# What a script needs beyond Python's own modules and requests.
needs() {
  case $1 in
    hugging_face_client.py) echo huggingface_hub numpy ;;
    kserve_client.py) echo tritonclient.http numpy ;;
    ollama_client.py) echo ollama ;;
    openai_client.py) echo openai ;;
    web_ui_client.py) echo webuiapi PIL ;;
    librephotos_client.py | tei_client.py) echo numpy ;;
    *) echo requests ;;
  esac
}

clients=("$@")
if [[ ${#clients[@]} -eq 0 ]]; then
  for path in "$here"/*_client.py "$here"/*_client.mjs; do clients+=("$(basename "$path")"); done
fi
failures=0
for client in "${clients[@]}"; do
  case $client in
    *.py)
      missing=
      for module in $(needs "$client"); do
        "$place/venv/bin/python" -c "import $module" 2>/dev/null || missing+=" $module"
      done
      if [[ -n $missing ]]; then
        echo "$client: skipped, not installed:$missing"
        continue
      fi
      timeout 300 "$place/venv/bin/python" "$here/$client" "$url" || failures=$((failures + 1))
      ;;
    *.mjs)
      package=${client%_client.mjs}
      if [[ $have_node == 0 ]]; then
        echo "$client: skipped, there is no node of version 20 or newer"
        continue
      fi
      # node looks for packages above the script.
      mkdir -p "$place/tests/serve/clients"
      cp "$here/$client" "$place/tests/serve/clients/"
      ln -sfn "$root/examples" "$place/examples"
      if [[ $package != immich && ! -d $place/node_modules/$package ]]; then
        echo "$client: skipped, npm's $package is not installed"
        continue
      fi
      model=()
      if [[ $package == immich ]]; then model=(nano-retrieval); fi
      timeout 300 node "$place/tests/serve/clients/$client" "$url" "${model[@]}" ||
        failures=$((failures + 1))
      ;;
  esac
done
if [[ $failures -gt 0 ]]; then
  echo "run.sh: $failures of ${#clients[@]} clients failed" >&2
  exit 1
fi
