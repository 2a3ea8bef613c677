// Any bytes as a file of vectors: searched, or refused with blip::Error. Nothing leads out of it.
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "expectations.hpp"
#include "search/nearest_rows.hpp"
#include "search/vector_file.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

// A file, since what is searched is mapped; in memory where there is a place for that.
const std::filesystem::path& file() {
  static const std::filesystem::path kFile = [] {
    const std::filesystem::path memory = "/dev/shm";
    const auto directory =
        std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    return directory / ("blip-fuzz-vectors-" + std::to_string(::getpid()));
  }();
  return kFile;
}

void search(blip::ThreadPool& threads) {
  const blip::search::VectorFile vectors(file());
  require(vectors.rows() > 0 && vectors.dims() > 0 && vectors.lists() > 0);
  std::vector<float> query(vectors.dims(), 0.1F);
  for (const std::size_t lists : {0U, 1U}) {
    const auto found = blip::search::nearest_rows(vectors, query, 3, lists, {}, threads);
    for (const auto& near : found) require(std::isfinite(near.product));
  }
  for (const std::int64_t picture : {std::int64_t{-1}, std::int64_t{1}, vectors.pictures()[0]}) {
    const auto row = vectors.row_of(picture);
    if (row) require(vectors.vector(*row).size() == vectors.dims());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static blip::ThreadPool threads(1);
  std::ofstream(file(), std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try_to([&] { search(threads); });
  return 0;
}
