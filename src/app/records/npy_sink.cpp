#include "app/records/npy_sink.hpp"

#include <fmt/format.h>

#include <bit>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/file_ending.hpp"

namespace blip::app {
namespace {

// What numpy writes before an array of two dimensions: padding to a multiple of 64 bytes, with
// room for the number of rows to grow to the largest there is, so that its size never changes.
constexpr std::size_t kHeaderBytes = 128;
constexpr std::string_view kMagic{"\x93NUMPY\x01\x00", 8};

std::string header(std::uint64_t rows, std::size_t width) {
  constexpr std::size_t kDictionary = kHeaderBytes - kMagic.size() - 2;
  const char order = std::endian::native == std::endian::little ? '<' : '>';
  std::string dictionary = fmt::format(
      "{{'descr': '{}f4', 'fortran_order': False, 'shape': ({}, {}), }}", order, rows, width);
  dictionary.resize(kDictionary - 1, ' ');
  return std::string(kMagic) + static_cast<char>(kDictionary) + '\0' + dictionary + '\n';
}

std::string name_line(const std::string& name) {
  if (name.find_first_of("\r\n") == std::string::npos && !name.starts_with('"')) {
    return name + "\n";
  }
  return nlohmann::json(path_text(name)).dump() + "\n";
}

}  // namespace

std::filesystem::path npy_rows_path(const std::filesystem::path& path) {
  return file_ending(path) == "npy" ? path : std::filesystem::path(path.string() + ".npy");
}

std::filesystem::path npy_names_path(const std::filesystem::path& path) {
  return npy_rows_path(path).replace_extension(".names.txt");
}

NpySink::NpySink(const std::filesystem::path& path)
    : rows_(OutputFile::open(npy_rows_path(path), false)),
      names_(OutputFile::open(npy_names_path(path), false)) {}

void NpySink::write(std::span<const Record> records) {
  std::string bytes;
  std::string names;
  for (const Record& record : records) {
    for (const Finding& finding : record.findings) {
      const auto& row = std::get<std::vector<float>>(finding.results.front().values.front());
      width_ = row.size();
      bytes.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float));
      names += name_line(record.path);
      ++num_rows_;
    }
  }
  if (names.empty()) return;
  if (!std::exchange(started_, true)) rows_.write(header(0, width_));
  names_.write(names);
  rows_.write(bytes);
  rows_.overwrite_start(header(num_rows_, width_));  // last: it only speaks of what is there
}

void NpySink::finish_early() {
  if (started_) finish();
}

void NpySink::finish() {
  if (std::exchange(finished_, true)) return;
  if (!started_) rows_.write(header(0, 0));
  rows_.close();
  names_.close();
}

}  // namespace blip::app
