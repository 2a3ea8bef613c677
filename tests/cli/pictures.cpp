#include "pictures.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace blip::testing {
namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xffU);
  return bytes;
}

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ (crc & 1U ? 0xedb88320U : 0U);
  }
  return ~crc;
}

std::uint32_t adler32(const std::string& bytes) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<std::uint8_t>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16U | a;
}

std::string chunk(const std::string& type, const std::string& data) {
  return big_endian(static_cast<std::uint32_t>(data.size())) + type + data +
         big_endian(crc32(type + data));
}

// zlib without compression: one stored block, which holds at most 65,535 bytes.
std::string stored(const std::string& raw) {
  const auto size = static_cast<std::uint16_t>(raw.size());
  const auto complement = static_cast<std::uint16_t>(~size);
  std::string bytes = "\x78\x01\x01";
  for (const std::uint16_t value : {size, complement}) {
    bytes += static_cast<char>(value & 0xffU);
    bytes += static_cast<char>(value >> 8U);
  }
  return bytes + raw + big_endian(adler32(raw));
}

}  // namespace

std::string png(int width, int height, std::uint32_t seed) {
  const std::string pixel = {static_cast<char>(seed * 89), static_cast<char>(seed * 151 + 40),
                             static_cast<char>(seed * 211 + 90)};
  std::string raw;
  for (int y = 0; y < height; ++y) {
    raw += '\0';  // no filter
    for (int x = 0; x < width; ++x) raw += pixel;
  }
  if (raw.size() > 65'535) throw std::logic_error("a test picture is too large");
  return "\x89PNG\r\n\x1a\n" +
         chunk("IHDR", big_endian(static_cast<std::uint32_t>(width)) +
                           big_endian(static_cast<std::uint32_t>(height)) +
                           std::string("\x08\x02\x00\x00\x00", 5)) +
         chunk("IDAT", stored(raw)) + chunk("IEND", "");
}

std::string numbered(const std::string& prefix, std::uint32_t number) {
  return prefix + std::to_string(number) + ".png";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string Folder::picture(const std::string& name, std::uint32_t seed) const {
  return file(name, png(32, 24, seed));
}

std::string Folder::file(const std::string& name, const std::string& content) const {
  const std::filesystem::path written = path() / name;
  std::filesystem::create_directories(written.parent_path());
  write_file(written, content);
  return written.string();
}

}  // namespace blip::testing
