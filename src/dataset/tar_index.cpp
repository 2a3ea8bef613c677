#include "dataset/tar_index.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"
#include "dataset/tar_header.hpp"

namespace blip::dataset {
namespace {

[[noreturn]] void throw_beyond(const ByteSource& source, std::uint64_t offset, ErrorCode code,
                               const std::string& problem) {
  throw Error(code, source.name + ": at byte " + std::to_string(offset) + ": " + problem);
}

// What extended headers say of the member after them.
struct Extension {
  std::optional<std::string> name;
  std::optional<std::uint64_t> size;
};

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// Records "LENGTH KEY=VALUE\n", LENGTH counting all of the record.
void read_pax_records(std::string_view records, const ByteSource& source, std::uint64_t offset,
                      Extension& extension) {
  while (!records.empty()) {
    const std::size_t blank = records.find(' ');
    const auto length = decimal(records.substr(0, blank));
    if (blank == std::string_view::npos || !length || *length <= blank + 1 ||
        *length > records.size() || records[*length - 1] != '\n') {
      throw_at(source, offset, "a damaged pax header");
    }
    const std::string_view record = records.substr(blank + 1, *length - blank - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) throw_at(source, offset, "a damaged pax header");
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key == "path") {
      extension.name = value;
    } else if (key == "size") {
      extension.size = decimal(value);
      if (!extension.size) throw_at(source, offset, "a pax header with an impossible size");
    } else if (key.starts_with("GNU.sparse.")) {
      throw_beyond(source, offset, ErrorCode::unsupported, "a sparse file");
    }
    records.remove_prefix(*length);
  }
}

class TarScan {
 public:
  explicit TarScan(const ByteSource& source) : source_(source) {}

  std::vector<TarMember> run() {
    while (next_member()) {
    }
    return std::move(members_);
  }

 private:
  // The bytes of a member lie at content_ .. content_ + size.
  bool next_member() {
    const std::uint64_t start = position_;
    if (source_.size - start < kTarBlock) {
      throw_at(source_, start, "the archive ends without its last block: it is truncated");
    }
    TarBlock block;
    source_.read(start, block);
    if (is_end_block(block)) return false;
    auto [header, problem] = parse_tar_header(block);
    if (!header) throw_at(source_, start, std::string(problem));

    content_ = start + kTarBlock;
    const bool is_extension =
        header->type == 'x' || header->type == 'g' || header->type == 'L' || header->type == 'K';
    if (!is_extension && extension_.size) header->size = *extension_.size;
    // Links and directories have no content whatever their size field says.
    const bool has_content = header->type < '1' || header->type > '6';
    const std::uint64_t size = has_content ? header->size : 0;
    if (size > source_.size - content_) {
      throw_at(source_, start,
               "member " + in_quotes(header->name) + " of " + std::to_string(size) +
                   " bytes reaches beyond the file's " + std::to_string(source_.size));
    }
    // The last member's padding may be missing together with all that follows; the next call tells.
    position_ = std::min(content_ + tar_padded(size), source_.size);
    if (is_extension) {
      read_extension(*header, start);
    } else {
      add(std::move(*header), start);
      extension_ = {};
    }
    return true;
  }

  void read_extension(const TarHeader& header, std::uint64_t start) {
    if (header.size > kMaxTarExtensionBytes) {
      throw_beyond(source_, start, ErrorCode::limit_exceeded,
                   "an extended header of " + std::to_string(header.size) + " bytes, more than " +
                       std::to_string(kMaxTarExtensionBytes));
    }
    if (header.type != 'x' && header.type != 'L') return;  // global ones, and names of links
    const std::string text = read_text(source_, content_, static_cast<std::size_t>(header.size));
    if (header.type == 'x') {
      read_pax_records(text, source_, start, extension_);
    } else {
      extension_.name = text.substr(0, text.find('\0'));
    }
  }

  void add(TarHeader header, std::uint64_t start) {
    if (header.type == 'S' || header.type == 'M') {
      throw_beyond(source_, start, ErrorCode::unsupported,
                   header.type == 'S' ? "a sparse file" : "an archive in several volumes");
    }
    // '7' is a file that shall lie in one piece; NUL is version 7's name for '0'.
    if (header.type != '0' && header.type != '\0' && header.type != '7') return;
    if (extension_.name) header.name = std::move(*extension_.name);
    std::string& name = header.name;
    if (name.starts_with("./")) name.erase(0, 2);
    if (name.empty()) throw_at(source_, start, "a member without a name");
    if (name.ends_with('/')) return;  // version 7's directories
    if (name.size() > kMaxTarNameBytes || members_.size() == kMaxTarMembers) {
      throw_beyond(source_, start, ErrorCode::limit_exceeded,
                   name.size() > kMaxTarNameBytes
                       ? "a name longer than " + std::to_string(kMaxTarNameBytes) + " bytes"
                       : "more than " + std::to_string(kMaxTarMembers) + " members");
    }
    if (name.find('\0') != std::string::npos || !is_valid_utf8(name)) {
      throw_at(source_, start,
               "the name " + in_quotes(replace_invalid_utf8(name)) + " is not valid UTF-8");
    }
    members_.push_back({std::move(name), content_, header.size});
  }

  const ByteSource& source_;
  std::uint64_t position_ = 0;
  std::uint64_t content_ = 0;
  Extension extension_;
  std::vector<TarMember> members_;
};

}  // namespace

std::vector<TarMember> index_tar(const ByteSource& source) {
  return TarScan(source).run();
}

}  // namespace blip::dataset
