// The JSON that describes a sample: a row of the original's annotation lists, or KEY.json of a
// shard.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dataset/sample.hpp"

namespace blip::dataset {

/// The longest description of a sample that is read. Flickr8k's have 500 bytes, DAQUAR's 4 KiB.
inline constexpr std::size_t kMaxAnnotationBytes = std::size_t{1} << 20;

/// Reads one JSON object, of which these fields count (all may be absent or null):
///   "image": name, "images": [names]; "image_id" or "img_id"; "dataset": name
///   "caption": text or [texts], "captions": [texts]
///   "question": text with "answer": text or [texts] and "question_id"
///   "qa": [{"question", "answer", "question_id"}]
///   "sentence": text with "label": "True" or "False", or a boolean
///   "statements": [{"sentence", "label"}]
///   "label": without "sentence", the name or the number of a class; any other value is passed over
/// Of a list of answers, each different one gets the weight count / length; a single text weighs 1,
/// or 0.2 where "dataset" is "vg" (salesforce/BLIP, data/vqa_dataset.py).
/// The pictures have names and no bytes; the key is left empty. `name` stands for the object in
/// messages. Throws malformed, or limit_exceeded beyond kMaxAnnotationBytes.
Sample parse_annotation(std::string_view json, const std::string& name);

/// The texts of a sample as such an object, which parse_annotation reads back: one line, the same
/// bytes for the same sample. Throws invalid_argument for text that is not UTF-8.
std::string annotation_json(const Sample& sample);

}  // namespace blip::dataset
