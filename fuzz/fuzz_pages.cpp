// Any bytes as a page of HTML or Markdown: images are found, alternative texts written, and read
// back by the same rules.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/sites/alt_review.hpp"
#include "app/sites/page_images.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

using namespace blip::app;

void write_all(std::string_view page, PageLanguage language) {
  const auto images = page_images(page, language).images;
  std::vector<ReviewEntry> entries;
  std::size_t line = 1;
  for (const PageImage& image : images) {
    require(image.begin <= image.end && image.end <= page.size() && image.line >= line);
    line = image.line;
    if (image.need != PageImage::Need::missing) continue;
    ReviewEntry entry{.page = "p", .line = image.line, .src = image.src, .suggestion = "a \"<b>\""};
    entries.push_back(read_review(review_line(entry), "r").front());
  }
  const WrittenPage written = page_with_alt(page, language, entries);
  require(written.not_found.empty());
  if (language == PageLanguage::html) {
    for (const PageImage& image : page_images(written.bytes, language).images) {
      require(image.need != PageImage::Need::missing);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  write_all(bytes, PageLanguage::html);
  write_all(bytes, PageLanguage::markdown);
  try_to([&] { (void)read_review(bytes, "review"); });
  return 0;
}
