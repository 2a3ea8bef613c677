#include "app/verify/golden_images.hpp"

#include <string_view>
#include <system_error>

#include "app/records/output_file.hpp"
#include "app/records/partial_file.hpp"
#include "blip/error.hpp"
#include "blip/hub.hpp"
#include "core/user_cache.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

// Empty where there is no home. The names in the table of golden results are all different.
fs::path image_cache() {
  const fs::path cache = user_cache_directory();
  return cache.empty() ? cache : cache / "images";
}

void keep(const std::vector<std::byte>& bytes, const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) throw OutputError(path.parent_path().string(), error.value());
  PartialFile file(path);
  file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  file.put_in_place();
}

}  // namespace

GoldenImage find_golden_image(const GoldenPicture& picture, const fs::path& folder, bool download) {
  std::error_code ignored;
  if (!folder.empty()) {
    fs::path given = folder / picture.name;
    if (fs::exists(given, ignored)) return {.path = std::move(given)};
  }
  const std::string name(picture.name);
  if (picture.url.empty()) return {.problem = name + " is not in the folder of --images"};
  const fs::path cache = image_cache();
  fs::path kept = cache / picture.name;
  if (!cache.empty() && fs::exists(kept, ignored)) return {.path = std::move(kept)};
  if (!download) {
    return {.problem = name + " is not here; --download fetches " + std::string(picture.url)};
  }
  if (cache.empty()) return {.problem = "no place to keep " + name + ": $HOME is not set"};
  try {
    keep(blip::download(picture.url), kept);
  } catch (const Error& error) {
    return {.problem = error.what()};
  }
  return {.path = std::move(kept)};
}

}  // namespace blip::app
