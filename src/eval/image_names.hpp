// ImageNames: finds an image by the different names that files of results and references give it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

class ImageNames {
 public:
  /// The number of the image with this id or path, a new one if there is none.
  std::size_t add(const std::string& name);
  /// Another name of it: the file_name beside a COCO id.
  void add_file_name(std::size_t image, const std::string& file_name);

  /// By the name itself; else by its stem ("photos/dog.jpg" → "dog") if one image alone has it;
  /// else by COCO's id, the twelve digits at the end of the stem ("COCO_val2014_000000391895.jpg").
  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;

  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

 private:
  void add_stem(std::size_t image, std::string_view name);

  std::vector<std::string> names_;
  std::map<std::string, std::size_t, std::less<>> images_;
  std::map<std::string, std::optional<std::size_t>, std::less<>> stems_;  // none: of several
};

}  // namespace blip::eval
