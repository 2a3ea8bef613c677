#include "app/describe/text_files.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "app/records/file_replacement.hpp"
#include "blip/error.hpp"
#include "blip/image.hpp"
#include "core/open_file.hpp"
#include "image/file_bytes.hpp"
#include "metadata/embedded_text.hpp"
#include "metadata/xmp_packet.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;
using metadata::Existing;
using metadata::MergeOptions;
using metadata::PictureText;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string sidecar_packet(const fs::path& sidecar) {
  if (!file_exists(sidecar)) return {};
  try {
    return read_text_file(sidecar, metadata::kMaxXmpBytes);
  } catch (const Error& error) {
    throw Error(error.code(), "its sidecar " + std::string(error.what()));
  }
}

// "photo.jpg.xmp: …" where the sidecar is at fault: the picture is named by whoever reports.
template <typename Action>
auto naming(const fs::path& sidecar, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.code(), "its sidecar " + sidecar.string() + ": " + error.what());
  }
}

PictureText picture_text(const fs::path& picture) {
  const std::vector<std::byte> bytes = image::read_file(picture);
  return metadata::embedded_text(metadata::container_of(text_of(bytes)));
}

PictureText sidecar_text(const fs::path& sidecar) {
  const std::string packet = sidecar_packet(sidecar);
  return naming(sidecar, [&] { return metadata::text_of_xmp(packet); });
}

bool same_pixels(std::span<const std::byte> left, std::string_view right) {
  const Image before = Image::decode(left);
  const Image after = Image::decode(std::as_bytes(std::span(right)));
  const auto pixels = before.pixels();
  return before.width() == after.width() && before.height() == after.height() &&
         std::equal(pixels.begin(), pixels.end(), after.pixels().begin(), after.pixels().end());
}

// Of `text` what a picture that says `there` is to get.
PictureText missing(const PictureText& there, PictureText text, Existing existing) {
  if (existing != Existing::keep) return text;
  if (!there.description.empty()) text.description.clear();
  if (!there.subjects.empty()) text.subjects.clear();
  if (!there.alt.empty()) text.alt.clear();
  return text;
}

}  // namespace

PictureText TextFiles::read(const fs::path& picture, const fs::path& sidecar) const {
  // Said before a model looks at the picture: a link that leads nowhere, a folder of its name.
  if (!options_.embed) naming(sidecar, [&] { return FileToReplace(sidecar); });
  PictureText text = options_.embed ? picture_text(picture) : sidecar_text(sidecar);
  fill(text, options_.embed ? sidecar_text(sidecar) : picture_text(picture));
  return text;
}

bool TextFiles::is_done(const fs::path& picture, const fs::path& sidecar,
                        const PictureText& fields) const {
  if (options_.merge.existing != Existing::keep) return false;
  if (!options_.embed &&
      !metadata::changes(sidecar_text(sidecar), fields, options_.merge.existing)) {
    return true;
  }
  return !metadata::changes(read(picture, sidecar), fields, options_.merge.existing);
}

void TextFiles::write_sidecar(const fs::path& sidecar, const PictureText& embedded,
                              const PictureText& text) const {
  const FileToReplace file = naming(sidecar, [&] { return FileToReplace(sidecar); });
  const std::string packet = naming(sidecar, [&] {
    // Programs that see a sidecar look no further: what the picture itself says goes into it.
    const MergeOptions taken_over = {.existing = Existing::keep, .language = ""};
    const std::string full = metadata::with_text(sidecar_packet(sidecar), embedded, taken_over,
                                                 metadata::XmpForm::sidecar);
    return metadata::with_text(full, text, options_.merge, metadata::XmpForm::sidecar);
  });
  naming(sidecar, [&] {
    file.replace(packet, {.backup = options_.merge.existing == Existing::replace,
                          .preserve_times = options_.preserve_times});
  });
}

WrittenText TextFiles::write(const fs::path& picture, const fs::path& sidecar,
                             const PictureText& text) const {
  const FileToReplace file(picture);
  const std::vector<std::byte> bytes = image::read_file(picture);
  const metadata::Container container = metadata::container_of(text_of(bytes));
  const PictureText embedded = metadata::embedded_text(container);
  const PictureText beside = sidecar_text(sidecar);
  const bool embeds = options_.embed && container.obstacle.empty();
  PictureText there = embeds ? embedded : beside;
  fill(there, embeds ? beside : embedded);
  const Existing existing = options_.merge.existing;
  const PictureText own = missing(there, text, existing);
  WrittenText written{.obstacle = options_.embed ? container.obstacle : ""};
  if (!metadata::changes(embeds ? embedded : there, own, existing)) return written;
  written.text = own;
  written.place = embeds ? WrittenText::Place::picture : WrittenText::Place::sidecar;
  if (options_.dry_run) return written;
  if (!embeds) {
    write_sidecar(sidecar, embedded, own);
    return written;
  }
  const std::string changed =
      metadata::with_embedded_text(text_of(bytes), container, own, options_.merge);
  if (!same_pixels(bytes, changed)) {
    throw Error(ErrorCode::unsupported, "Exiv2 would change its pixels: nothing written");
  }
  file.replace(changed, {.backup = existing == Existing::replace,
                         .preserve_times = options_.preserve_times});
  return written;
}

}  // namespace blip::app
