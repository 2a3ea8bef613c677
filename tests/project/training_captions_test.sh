#!/bin/bash
# The commands of docs/training-captions.md do what the page says: training_captions_test.sh BLIP SOURCE
set -euo pipefail
blip=$(realpath "$1") source=$(realpath "$2")
page=$source/docs/training-captions.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

mkdir -p dataset/deep bin
ln -s "$blip" bin/blip
export PATH=$scratch/bin:$PATH
cp "$source"/examples/photos/{cat,pizza}.jpg dataset
cp "$source/examples/photos/bears.jpg" dataset/deep
printf 'cat\nclose up\n' >banned.txt
awk '/^```json$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$page" >prompts.jsonl
printf 'path\tid\tprompt\ndataset/cat.jpg\t1\ta grey cat\ndataset/pizza.jpg\t2\t\n' >prompts.tsv
[[ $(wc -l <prompts.jsonl) -eq 2 ]] || { echo "$page: the list is gone" >&2; exit 1; }

fail() {
  printf '%s\n%s\n' "$command" "$1" >&2
  exit 1
}
# The text of FILE matches the pattern.
expect() {
  [[ -f $1 ]] || fail "$1 was not written"
  [[ $(<"$1") == $2 ]] || fail "$1 is: $(<"$1")"
}

mapfile -t commands < <(awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$page")
[[ ${#commands[@]} -ge 11 ]] || { echo "$page: only ${#commands[@]} commands found" >&2; exit 1; }
run=0
for command in "${commands[@]}"; do
  cat_before=$(cat dataset/cat.txt 2>/dev/null || true)
  bash -c "$command" >out 2>err </dev/null || fail "exit code $?: $(<err)"
  case $command in
    *"--sidecar .caption"*)
      expect dataset/cat.caption "?*"
      expect dataset/deep/bears.caption "?*" ;;
    *"--output texts"*)
      expect texts/cat.txt "$cat_before"
      expect texts/deep/bears.txt "?*" ;;
    *"--existing skip"*) expect dataset/cat.txt "$cat_before" ;;
    *"--existing append"*) expect dataset/cat.txt "$cat_before, $cat_before" ;;
    *--strip-prompt*)
      [[ $(<out) == "sks cat, "*", on film" && $(<out) != *"a photo of"* ]] || fail "$(<out)"
      [[ $(wc -m <out) -le 61 ]] || fail "too long: $(<out)" ;;
    *--ban-words*)
      expect dataset/cat.txt "?*"
      [[ " $(<dataset/cat.txt) " != *" cat "* ]] || fail "$(<dataset/cat.txt)" ;;
    *prompts.jsonl*)
      expect dataset/cat.txt "a grey cat*"
      expect dataset/pizza.txt "?*" ;;
    *prompts.tsv*) [[ $(<out) == "dataset/cat.jpg: a grey cat"*"dataset/pizza.jpg: a photo of"* ]] || fail "$(<out)" ;;
    *scores.jsonl)
      if [[ $command == blip* ]]; then
        [[ $(grep -c '"beam_score":-' scores.jsonl) -eq 3 ]] || fail "$(<scores.jsonl)"
      else
        [[ $(grep -c "'path'" out) -eq 3 ]] || fail "$(<out)"
      fi ;;
    "blip caption dataset --recursive --sidecar .txt")
      expect dataset/cat.txt "?*"
      expect dataset/deep/bears.txt "?*" ;;
    *) fail "the test does not know this command" ;;
  esac
  run=$((run + 1))
done
echo "$page: $run commands do what it says"
