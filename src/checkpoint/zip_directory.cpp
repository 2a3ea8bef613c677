#include "checkpoint/zip_directory.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "checkpoint/byte_reader.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

// Signatures and sizes without what follows: names, extra fields, comments.
constexpr std::uint32_t kLocalSignature = 0x04034B50;
constexpr std::uint32_t kEntrySignature = 0x02014B50;
constexpr std::uint32_t kEndSignature = 0x06054B50;
constexpr std::uint32_t kEnd64Signature = 0x06064B50;
constexpr std::uint32_t kLocator64Signature = 0x07064B50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kMaxCommentBytes = 0xFFFF;
// In these fields "the value is in the zip64 record".
constexpr std::uint16_t kIn64Short = 0xFFFF;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;
constexpr std::uint16_t kZip64Extra = 0x0001;
// The flags for encryption, plain and strong, of the entry and of its header, and for patches.
constexpr std::uint16_t kEncrypted = 0x0001 | 0x0020 | 0x0040 | 0x2000;

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

// An entry as the directory describes it.
struct Description {
  std::string_view name;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;
};

// A part of the file that must belong to one entry alone.
struct Extent {
  std::uint64_t begin;
  std::uint64_t end;
  std::string_view name;
};

class DirectoryReader {
 public:
  DirectoryReader(std::span<const std::byte> archive, const std::string& file)
      : archive_(archive), file_(file) {}

  std::vector<ZipEntry> read() {
    const Directory directory = find_directory();
    ByteReader reader = at(directory.offset, directory.size);
    std::vector<ZipEntry> entries;
    std::vector<Extent> extents;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      const Description entry = read_description(reader);
      const std::uint64_t begin = data_offset(entry);
      if (begin > directory.offset || entry.size > directory.offset - begin) {
        fail("entry " + in_quotes(entry.name) + " reaches beyond the entries' part of the file");
      }
      entries.push_back({entry.name, archive_.subspan(begin, entry.size)});
      extents.push_back({entry.header_offset, begin + entry.size, entry.name});
    }
    if (reader.left() != 0) fail("the zip directory is longer than its entries");
    require_apart(extents);
    require_unique(entries);
    return entries;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, ErrorCode code = ErrorCode::malformed) const {
    throw Error(code, file_ + ": " + problem);
  }

  [[nodiscard]] ByteReader at(std::uint64_t offset, std::uint64_t size) const {
    if (offset > archive_.size() || size > archive_.size() - offset) {
      fail("the zip directory points beyond the end (is the file truncated?)");
    }
    return {archive_.subspan(offset, size), file_ + ": zip directory"};
  }

  // The last record of the file, found from behind: only a comment may follow it.
  [[nodiscard]] std::uint64_t find_end() const {
    for (std::size_t comment = 0; comment <= kMaxCommentBytes; ++comment) {
      if (archive_.size() < kEndBytes + comment) break;
      const std::uint64_t offset = archive_.size() - kEndBytes - comment;
      ByteReader reader = at(offset, kEndBytes);
      if (reader.number<std::uint32_t>() != kEndSignature) continue;
      reader.take(kEndBytes - 6);
      if (reader.number<std::uint16_t>() == comment) return offset;
    }
    fail("begins as a zip archive but has no directory at its end (is the file truncated?)");
  }

  Directory find_directory() const {
    const std::uint64_t end = find_end();
    ByteReader reader = at(end, kEndBytes);
    reader.take(4);
    const auto disk = reader.number<std::uint16_t>();
    const auto directory_disk = reader.number<std::uint16_t>();
    const auto entries_here = reader.number<std::uint16_t>();
    const auto entries = reader.number<std::uint16_t>();
    const auto size = reader.number<std::uint32_t>();
    const auto offset = reader.number<std::uint32_t>();

    Directory directory = {entries, size, offset};
    std::uint64_t behind = end;  // what begins where the directory ends
    const bool in_64 =
        disk == kIn64Short || entries == kIn64Short || size == kIn64 || offset == kIn64;
    // PyTorch writes the zip64 directory whether it is needed or not.
    if (const auto wide = read_directory64(end, behind)) {
      const bool agrees = (entries == kIn64Short || entries == wide->entries) &&
                          (size == kIn64 || size == wide->size) &&
                          (offset == kIn64 || offset == wide->offset);
      if (!agrees) fail("has two zip directories that contradict each other");
      directory = *wide;
    } else if (in_64) {
      fail("has no zip64 directory where there should be one");
    }
    if (disk != directory_disk || (disk != 0 && disk != kIn64Short) || entries_here != entries) {
      fail("a zip archive in several parts", ErrorCode::unsupported);
    }
    if (directory.entries > kMaxZipEntries) {
      fail("a zip archive of " + std::to_string(directory.entries) + " entries, more than the " +
               std::to_string(kMaxZipEntries) + " allowed",
           ErrorCode::limit_exceeded);
    }
    if (directory.offset > behind || directory.size != behind - directory.offset) {
      fail("the zip directory is not where the end of the file says");
    }
    return directory;
  }

  // None if there is none; otherwise `behind` becomes where it begins.
  std::optional<Directory> read_directory64(std::uint64_t end, std::uint64_t& behind) const {
    if (end < kLocator64Bytes) return std::nullopt;
    ByteReader locator = at(end - kLocator64Bytes, kLocator64Bytes);
    if (locator.number<std::uint32_t>() != kLocator64Signature) return std::nullopt;
    const auto locator_disk = locator.number<std::uint32_t>();
    behind = locator.number<std::uint64_t>();
    const auto disks = locator.number<std::uint32_t>();
    ByteReader reader = at(behind, kEnd64Bytes);
    if (reader.number<std::uint32_t>() != kEnd64Signature) {
      fail("has no zip64 directory where there should be one");
    }
    reader.take(12);  // its own size, versions
    const auto disk = reader.number<std::uint32_t>();
    const auto directory_disk = reader.number<std::uint32_t>();
    const auto entries_here = reader.number<std::uint64_t>();
    Directory directory;
    directory.entries = reader.number<std::uint64_t>();
    directory.size = reader.number<std::uint64_t>();
    directory.offset = reader.number<std::uint64_t>();
    if (locator_disk != 0 || disks != 1 || disk != 0 || directory_disk != 0 ||
        entries_here != directory.entries) {
      fail("a zip archive in several parts", ErrorCode::unsupported);
    }
    return directory;
  }

  Description read_description(ByteReader& reader) const {
    if (reader.number<std::uint32_t>() != kEntrySignature) {
      fail("the zip directory has something other than an entry");
    }
    reader.take(4);  // versions
    const auto flags = reader.number<std::uint16_t>();
    const auto method = reader.number<std::uint16_t>();
    reader.take(8);  // time, date, checksum
    std::uint64_t packed_size = reader.number<std::uint32_t>();
    Description entry;
    entry.size = reader.number<std::uint32_t>();
    const auto name_bytes = reader.number<std::uint16_t>();
    const auto extra_bytes = reader.number<std::uint16_t>();
    const auto comment_bytes = reader.number<std::uint16_t>();
    const auto disk = reader.number<std::uint16_t>();
    reader.take(6);  // attributes
    entry.header_offset = reader.number<std::uint32_t>();
    entry.name = reader.take_text(name_bytes);
    require_plain(entry.name);
    ByteReader extra(reader.take(extra_bytes), file_ + ": extra field of zip entry");
    read_sizes64(extra, entry, packed_size);
    reader.take(comment_bytes);

    if ((flags & kEncrypted) != 0) {
      fail("entry " + in_quotes(entry.name) + " is encrypted", ErrorCode::unsupported);
    }
    if (disk != 0) fail("a zip archive in several parts", ErrorCode::unsupported);
    if (is_code(entry.name)) {
      entry.size = packed_size;  // what lies in the file, compressed or not
      return entry;
    }
    if (method != 0) {
      fail("entry " + in_quotes(entry.name) +
               " is compressed; torch.save never compresses, and compressed ones are not supported",
           ErrorCode::unsupported);
    }
    if (packed_size != entry.size) {
      fail("entry " + in_quotes(entry.name) + " has two sizes, though it is not compressed");
    }
    return entry;
  }

  // "archive/code/…": the program of a TorchScript archive, which nobody reads and torch
  // compresses.
  [[nodiscard]] static bool is_code(std::string_view name) {
    return name.substr(std::min(name.find('/'), name.size())).starts_with("/code/");
  }

  // The fields that did not fit 32 bits, in this order, each only if it is marked so.
  void read_sizes64(ByteReader& extra, Description& entry, std::uint64_t& packed_size) const {
    bool wanted = entry.size == kIn64 || packed_size == kIn64 || entry.header_offset == kIn64;
    while (wanted && extra.left() != 0) {
      const auto id = extra.number<std::uint16_t>();
      ByteReader field(extra.take(extra.number<std::uint16_t>()), file_ + ": zip64 field");
      if (id != kZip64Extra) continue;
      for (std::uint64_t* value : {&entry.size, &packed_size, &entry.header_offset}) {
        if (*value == kIn64) *value = field.number<std::uint64_t>();
      }
      wanted = false;
    }
  }

  // Nothing is ever unpacked to such a path; but whoever writes one is up to something.
  void require_plain(std::string_view name) const {
    const bool has_control = std::any_of(name.begin(), name.end(), [](char character) {
      return static_cast<unsigned char>(character) < 0x20 || character == '\\';
    });
    bool climbs = false;
    for (std::string_view rest = name; !rest.empty();) {
      const std::string_view part = rest.substr(0, rest.find('/'));
      climbs = climbs || part == ".." || part == ".";
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    }
    if (name.empty() || name.front() == '/' || has_control || climbs) {
      fail("the zip directory has an entry called " + in_quotes(name) +
           ", which is not a plain path");
    }
  }

  // Behind the entry's own header, whose extra field may be longer than the directory's: PyTorch
  // pads with it to 64 bytes.
  [[nodiscard]] std::uint64_t data_offset(const Description& entry) const {
    constexpr std::size_t kLocalBytes = 30;
    if (entry.header_offset > archive_.size() ||
        archive_.size() - entry.header_offset < kLocalBytes) {
      fail("entry " + in_quotes(entry.name) + " begins beyond the end (is the file truncated?)");
    }
    ByteReader reader(archive_.subspan(entry.header_offset), file_ + ": zip entry");
    const auto signature = reader.number<std::uint32_t>();
    reader.take(kLocalBytes - 8);
    const auto name_bytes = reader.number<std::uint16_t>();
    const auto extra_bytes = reader.number<std::uint16_t>();
    if (signature != kLocalSignature || reader.take_text(name_bytes) != entry.name) {
      fail("entry " + in_quotes(entry.name) + " is not where the zip directory says");
    }
    reader.take(extra_bytes);
    return entry.header_offset + reader.position();
  }

  void require_apart(std::vector<Extent>& extents) const {
    std::sort(extents.begin(), extents.end(),
              [](const Extent& left, const Extent& right) { return left.begin < right.begin; });
    for (std::size_t i = 1; i < extents.size(); ++i) {
      if (extents[i].begin < extents[i - 1].end) {
        fail("entry " + in_quotes(extents[i].name) + " overlaps " + in_quotes(extents[i - 1].name));
      }
    }
  }

  void require_unique(std::vector<ZipEntry>& entries) const {
    std::sort(entries.begin(), entries.end(),
              [](const ZipEntry& left, const ZipEntry& right) { return left.name < right.name; });
    const auto repeated = std::adjacent_find(
        entries.begin(), entries.end(),
        [](const ZipEntry& left, const ZipEntry& right) { return left.name == right.name; });
    if (repeated != entries.end()) {
      fail("the zip directory has " + in_quotes(repeated->name) + " twice");
    }
  }

  std::span<const std::byte> archive_;
  const std::string& file_;
};

}  // namespace

std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> archive,
                                         const std::string& file) {
  return DirectoryReader(archive, file).read();
}

const ZipEntry* find_entry(std::span<const ZipEntry> entries, std::string_view name) {
  const auto found = std::lower_bound(
      entries.begin(), entries.end(), name,
      [](const ZipEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

}  // namespace blip
