// Captions and reference captions from files, paired by image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "eval/caption_set.hpp"
#include "eval/image_names.hpp"

namespace blip::eval {

// `name` stands for the file in messages. All throw malformed or limit_exceeded, naming the file
// and the record.

struct CaptionResult {
  std::string image;  ///< its id or path, as the file has it
  std::string caption;
};

/// A list, or JSON lines, of {"image_id": ID, "caption": TEXT} (COCO's results) or
/// {"path": PATH, "caption": TEXT} (`blip caption --format json` and jsonl). A record with an
/// "error" instead of a caption, or with several captions, is refused.
std::vector<CaptionResult> parse_caption_results(std::string_view text, const std::string& name);

struct References {
  ImageNames images;
  std::vector<std::vector<std::string>> texts;  ///< of each image, in the order of the file
};

/// Any of
///   {"annotations": [{"image_id", "caption"}…], "images": [{"id", "file_name"}…]}  (COCO; images
///     may be missing),
///   a list, or JSON lines, of {"image_id" | "path" | "image": …, "caption" | "captions": TEXT or
///     [TEXTS]}; records of the same image add up,
///   {PATH OR STEM: TEXT or [TEXTS], …}.
References parse_references(std::string_view text, const std::string& name);

/// Captions with their references, in the order of these.
struct JudgedCaptions {
  std::vector<std::string> images;  ///< as the references name them
  CaptionSet set;
};

/// Throws invalid_argument, naming the image, for a caption of an image that the references do not
/// have, a second caption of an image, and an image without a caption.
JudgedCaptions pair_captions(const std::vector<CaptionResult>& results,
                             const std::string& results_name, const References& references,
                             const std::string& references_name);

}  // namespace blip::eval
