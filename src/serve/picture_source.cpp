#include "serve/picture_source.hpp"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "blip/error.hpp"

namespace blip::serve {

void PictureSource::resolve(Picture& picture) const {
  std::string bytes;
  if (const auto* url = std::get_if<PictureUrl>(&picture)) {
    if (!fetcher.policy().fetches()) {
      throw Error(ErrorCode::invalid_argument,
                  "this server fetches no images by their URLs (see --fetch-images); "
                  "send the image itself");
    }
    bytes = fetcher.fetch(url->url);
  } else if (const auto* path = std::get_if<PicturePath>(&picture)) {
    bytes = media.read(path->path, max_bytes);
  } else {
    return;
  }
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  picture = PictureBytes{.owner = owner, .bytes = *owner};
}

}  // namespace blip::serve
