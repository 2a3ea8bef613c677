#include "dataset/tar_writer.hpp"

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"
#include "dataset/tar_header.hpp"
#include "dataset/tar_index.hpp"

namespace blip::dataset {
namespace {

constexpr std::size_t kMaxHeaderName = 100;
// Eleven octal digits.
constexpr std::uint64_t kMaxContent = (std::uint64_t{1} << 33U) - 1;

// Headers and small members are not written one by one.
constexpr std::size_t kWrittenTogether = std::size_t{1} << 20;

// "LENGTH path=NAME\n", LENGTH counting its own digits.
std::string pax_record(const std::string& name) {
  const std::string rest = " path=" + name + '\n';
  std::size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) ++length;
  return std::to_string(length) + rest;
}

}  // namespace

TarWriter::TarWriter(const std::filesystem::path& path) : path_(path), replacement_(path) {}

void TarWriter::flush() {
  replacement_.file().write(buffer_);
  buffer_.clear();
}

void TarWriter::write(std::span<const std::byte> bytes) {
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  size_ += bytes.size();
  if (buffer_.size() >= kWrittenTogether) flush();
}

void TarWriter::write_padded(std::span<const std::byte> bytes) {
  constexpr TarBlock kZeros{};
  write(bytes);
  write(std::span(kZeros).first(static_cast<std::size_t>(tar_padded(bytes.size()) - bytes.size())));
}

void TarWriter::add(const std::string& name, std::span<const std::byte> content) {
  if (name.empty() || name.size() > kMaxTarNameBytes || name.find('\0') != std::string::npos ||
      name.ends_with('/') || name.starts_with("./") || !is_valid_utf8(name)) {
    throw Error(ErrorCode::invalid_argument, path_.string() + ": " +
                                                 in_quotes(replace_invalid_utf8(name)) +
                                                 " cannot be the name of a member");
  }
  if (content.size() > kMaxContent) {
    throw Error(ErrorCode::invalid_argument,
                path_.string() + ": " + in_quotes(name) + " has 8 GiB or more");
  }
  if (name.size() > kMaxHeaderName) {
    const std::string record = pax_record(name);
    write(tar_header("pax_header", record.size(), 'x'));
    write_padded(std::as_bytes(std::span(record)));
  }
  write(tar_header(name, content.size(), '0'));
  write_padded(content);
}

void TarWriter::finish() {
  constexpr TarBlock kEnd{};
  write(kEnd);
  write(kEnd);
  flush();
  replacement_.put_in_place();
}

}  // namespace blip::dataset
