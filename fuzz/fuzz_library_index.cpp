// Any bytes as an index file: opened and read whole, or refused with blip::Error.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "blip/error.hpp"
#include "expectations.hpp"
#include "search/catalogue_index.hpp"
#include "search/library_index.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

// A file, since SQLite opens nothing else; in memory where there is a place for that.
const std::filesystem::path& file() {
  static const std::filesystem::path kFile = [] {
    const std::filesystem::path memory = "/dev/shm";
    const auto directory =
        std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    return directory / ("blip-fuzz-index-" + std::to_string(::getpid()));
  }();
  return kFile;
}

void read_catalogue(blip::search::LibraryIndex& index) {
  blip::search::CatalogueIndex catalogue(index, blip::search::Access::read);
  for (const auto& item : catalogue.items()) {
    require(!item.key.empty() && item.picture.find('\0') == std::string::npos);
    (void)catalogue.attributes_of(item.id);
  }
  for (const auto& model : index.models(blip::search::Finding::vectors)) {
    (void)catalogue.vectors(model);
  }
  (void)catalogue.find_words("two red chairs", blip::search::ItemWords::all);
  (void)catalogue.find_words("two red chairs", blip::search::ItemWords::titles);
}

void read_all() {
  blip::search::LibraryIndex index(file(), blip::search::Access::read);
  if (blip::search::CatalogueIndex::is_in(index)) try_to([&] { read_catalogue(index); });
  for (const auto& picture : index.pictures()) {
    require(!picture.path.empty() && picture.path.size() <= blip::search::kMaxPathBytes);
    (void)index.caption_of(picture.id);
  }
  for (const auto& model : index.models(blip::search::Finding::vectors)) {
    require(model.dims > 0 && model.dims <= blip::search::kMaxDims);
    (void)index.vectors(model);
  }
  (void)index.models(blip::search::Finding::captions);
  (void)index.find_words("two dogs on a beach", 100);
}

void write_some() {
  blip::search::LibraryIndex index(file(), blip::search::Access::write);
  auto transaction = index.transaction();
  const auto id = index.put_picture("/a.jpg", {.size = 1, .mtime = 2}, {.hash = "h"});
  index.put_caption(id, {.id = 1, .name = {}}, "a dog");
  index.remove_picture(id);
  transaction.commit();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(file().string() + ending);
  }
  std::ofstream(file(), std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try_to(read_all);
  try_to(write_some);
  return 0;
}
