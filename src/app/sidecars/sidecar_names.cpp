#include "app/sidecars/sidecar_names.hpp"

#include <utility>

#include "app/images/open_image.hpp"
#include "blip/error.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& cause) {
  throw Error(ErrorCode::invalid_argument, cause);
}

// The last part of a URL's path: "cat.jpg" of "https://host/photos/cat.jpg?size=2".
fs::path name_in_url(const std::string& url) {
  const std::string address = url.substr(0, url.find_first_of("?#"));
  const std::size_t host = address.find("://") + 3;
  const std::size_t slash = address.rfind('/');
  if (slash == std::string::npos || slash < host) return {};
  return address.substr(slash + 1);
}

bool is_a_name(const fs::path& path) {
  const fs::path name = path.filename();
  return !name.empty() && name != "." && name != ".." && name != "/" && path != "-";
}

// The image's path below `folder`, or its name alone.
fs::path mirrored(const fs::path& image, const fs::path& folder) {
  if (folder.empty()) return image.filename();
  const fs::path below = image.lexically_relative(folder);
  return below.empty() || *below.begin() == ".." ? image.filename() : below;
}

}  // namespace

SidecarNames::SidecarNames(std::string ending, fs::path directory)
    : ending_(std::move(ending)), directory_(std::move(directory)) {}

fs::path SidecarNames::place(const fs::path& image, const fs::path& folder) {
  const bool from_url = is_url(image.string());
  if (directory_.empty() && from_url)
    refuse("has no folder to write beside; name one with --output");
  fs::path target = from_url ? name_in_url(image.string()) : image;
  if (!is_a_name(target)) refuse("has no name that a text file could have");
  if (!directory_.empty()) target = directory_ / (from_url ? target : mirrored(target, folder));

  fs::path whole = target;
  whole += ending_;
  target.replace_extension(ending_);
  const std::string owner = image.lexically_normal().string();
  const auto is_free = [&](const fs::path& sidecar) {
    return owners_.try_emplace(sidecar.lexically_normal().string(), owner).first->second == owner;
  };
  if (is_free(target)) return target;
  if (!is_free(whole))
    refuse("other images have the text files " + target.string() + " and " + whole.string());
  if (renamed_++ == 0) {
    first_renamed_ = image.string();
    first_owner_ = owners_.at(target.lexically_normal().string());
  }
  return whole;
}

}  // namespace blip::app
