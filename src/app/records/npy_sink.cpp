#include "app/records/npy_sink.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/records/npy_header.hpp"
#include "core/file_ending.hpp"

namespace blip::app {
namespace {

std::string header(std::uint64_t rows, std::size_t width) {
  return npy_header(std::array{rows, static_cast<std::uint64_t>(width)});
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
