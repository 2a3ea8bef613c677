#include "eval/caption_files.hpp"

#include <cstddef>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "eval/result_records.hpp"

namespace blip::eval {
namespace {

using nlohmann::json;

// By what an image is named, the first that is there.
constexpr std::initializer_list<const char*> kImageKeys = {"image_id", "path", "image", "file_name",
                                                           "key"};
constexpr std::initializer_list<const char*> kCaptionKeys = {"caption", "captions"};

// One record alone, which is a list of one.
bool is_record(const json& object) {
  if (!object.is_object()) return false;
  bool names_image = false;
  for (const char* key : kImageKeys) names_image = names_image || object.contains(key);
  return names_image &&
         (object.contains("caption") || object.contains("captions") || object.contains("error"));
}

json parse_captions(std::string_view text, const std::string& name) {
  json document = parse_json_or_lines(text, name);
  if (is_record(document)) return json::array({std::move(document)});
  return document;
}

void add_reference(References& references, const std::string& image,
                   const std::vector<std::string>& texts) {
  const std::size_t number = references.images.add(image);
  references.texts.resize(references.images.names().size());
  auto& mine = references.texts[number];
  mine.insert(mine.end(), texts.begin(), texts.end());
}

void add_record(References& references, const Record& record) {
  const std::string image = record.id(kImageKeys);
  const json* caption = record.find(kCaptionKeys);
  if (caption == nullptr) record.fail("has neither caption nor captions");
  const auto texts = record.texts(*caption, "a caption", "caption");
  if (texts.empty()) record.fail("has no captions");
  add_reference(references, image, texts);
}

References references_of_coco(const json& document, const std::string& name) {
  References references;
  for (const Record& record : records_of(document["annotations"], name + ": annotations")) {
    add_record(references, record);
  }
  if (const auto images = document.find("images"); images != document.end()) {
    for (const Record& record : records_of(*images, name + ": images")) {
      if (record.find({"file_name"}) == nullptr) continue;
      const auto image = references.images.find(record.id({"id"}));
      if (image) references.images.add_file_name(*image, record.optional_text("file_name"));
    }
  }
  return references;
}

References references_of_map(const json& document, const std::string& name) {
  References references;
  const Record record(document, name, 1);
  for (const auto& [image, captions] : document.items()) {
    const std::string what = "the captions of " + in_quotes(image);
    const auto texts = record.texts(captions, what.c_str(), "caption");
    if (texts.empty()) record.fail(what + " are none");
    add_reference(references, image, texts);
  }
  return references;
}

}  // namespace

std::vector<CaptionResult> parse_caption_results(std::string_view text, const std::string& name) {
  const json document = parse_captions(text, name);
  std::vector<CaptionResult> results;
  for (const Record& record : records_of(document, name)) {
    const std::string image = record.id(kImageKeys);
    const json* caption = record.find(kCaptionKeys);
    if (caption == nullptr) {
      const json* error = record.find({"error"});
      if (error == nullptr) record.fail("has no caption");
      record.fail("has no caption of " + in_quotes(image) +
                  ", but an error: " + record.text(*error, "error"));
    }
    const auto captions = record.texts(*caption, "a caption", "caption");
    if (captions.size() != 1) {
      record.fail("has " + std::to_string(captions.size()) + " captions of " + in_quotes(image) +
                  "; one can be judged");
    }
    results.push_back({.image = image, .caption = captions.front()});
  }
  return results;
}

References parse_references(std::string_view text, const std::string& name) {
  const json document = parse_captions(text, name);
  References references;
  if (document.is_object()) {
    references = document.contains("annotations") ? references_of_coco(document, name)
                                                  : references_of_map(document, name);
  } else {
    for (const Record& record : records_of(document, name)) add_record(references, record);
  }
  if (references.texts.empty()) throw Error(ErrorCode::malformed, name + ": has no captions");
  return references;
}

JudgedCaptions pair_captions(const std::vector<CaptionResult>& results,
                             const std::string& results_name, const References& references,
                             const std::string& references_name) {
  const std::vector<std::string>& images = references.images.names();
  std::vector<const CaptionResult*> of_image(images.size(), nullptr);
  for (const CaptionResult& result : results) {
    const auto image = references.images.find(result.image);
    if (!image) {
      throw_mismatch(results_name + ": image " + in_quotes(result.image) + " is not in " +
                     references_name + ", or several there could be it");
    }
    if (of_image[*image] != nullptr) {
      throw_mismatch(results_name + ": image " + in_quotes(images[*image]) + " has two captions");
    }
    of_image[*image] = &result;
  }
  JudgedCaptions judged{.images = images, .set = {.captions = {}, .references = references.texts}};
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (of_image[i] == nullptr) {
      throw_mismatch(results_name + ": no caption of image " + in_quotes(images[i]) + " of " +
                     references_name);
    }
    judged.set.captions.push_back(of_image[i]->caption);
  }
  return judged;
}

}  // namespace blip::eval
