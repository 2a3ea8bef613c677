#include "eval/image_names.hpp"

#include <algorithm>

namespace blip::eval {
namespace {

std::string_view stem_of(std::string_view name) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

// "COCO_val2014_000000391895" → "391895"; empty if there are no such digits.
std::string_view coco_id_of(std::string_view stem) {
  constexpr std::size_t kDigits = 12;
  if (stem.size() < kDigits) return {};
  const std::string_view digits = stem.substr(stem.size() - kDigits);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return {};
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view("0") : digits.substr(first);
}

}  // namespace

std::size_t ImageNames::add(const std::string& name) {
  const auto [place, is_new] = images_.try_emplace(name, names_.size());
  if (is_new) {
    names_.push_back(name);
    add_stem(place->second, name);
  }
  return place->second;
}

void ImageNames::add_file_name(std::size_t image, const std::string& file_name) {
  add_stem(image, file_name);
}

void ImageNames::add_stem(std::size_t image, std::string_view name) {
  const auto [place, is_new] = stems_.try_emplace(std::string(stem_of(name)), image);
  if (!is_new && place->second != image) place->second.reset();
}

std::optional<std::size_t> ImageNames::find(const std::string& name) const {
  if (const auto found = images_.find(name); found != images_.end()) return found->second;
  const std::string_view stem = stem_of(name);
  if (const auto found = stems_.find(stem); found != stems_.end()) return found->second;
  const std::string_view id = coco_id_of(stem);
  if (const auto found = images_.find(id); !id.empty() && found != images_.end()) {
    return found->second;
  }
  return std::nullopt;
}

}  // namespace blip::eval
