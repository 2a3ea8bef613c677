#include "dataset/shard.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/lfs_pointer.hpp"
#include "core/text_encoding.hpp"
#include "dataset/annotation.hpp"
#include "dataset/tar_index.hpp"

namespace blip::dataset {
namespace {

struct SplitName {
  std::string_view stem;
  std::string_view ending;  // without the dot; empty if there is none
};

// WebDataset's rule: a directory may have dots, the stem may not.
SplitName split_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.find('.', slash == std::string_view::npos ? 0 : slash + 1);
  if (dot == std::string_view::npos) return {name, {}};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

std::string_view last_ending(std::string_view ending) {
  const std::size_t dot = ending.rfind('.');
  return dot == std::string_view::npos ? ending : ending.substr(dot + 1);
}

// img2dataset ends a text without a line feed, people's editors with one.
std::string without_line_end(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

bool is_picture_ending(std::string_view ending) {
  constexpr std::array<std::string_view, 10> kEndings = {"jpg", "jpeg", "png",  "webp", "gif",
                                                         "bmp", "tif",  "tiff", "avif", "heic"};
  std::string lower(ending);
  for (char& letter : lower) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return std::find(kEndings.begin(), kEndings.end(), lower) != kEndings.end();
}

Shard::Shard(std::filesystem::path path) : path_(std::move(path)) {
  index();
}

Shard::Shard(ByteSource source) : source_(std::move(source)) {
  index();
}

ByteSource Shard::source() const {
  if (path_.empty()) return source_;
  ByteSource opened = open_source(path_);
  if (!samples_.empty() && opened.size != file_size_) {
    throw Error(ErrorCode::unreadable,
                opened.name + ": changed since it was opened: " + std::to_string(file_size_) +
                    " bytes then, " + std::to_string(opened.size) + " now");
  }
  return opened;
}

void Shard::index() {
  const ByteSource opened = source();
  file_size_ = opened.size;
  std::vector<Entry> entries;
  std::unordered_map<std::string, std::size_t> places;
  std::unordered_set<std::string> names;
  for (TarMember& member : index_tar(opened)) {
    const auto [stem, ending] = split_name(member.name);
    const bool is_picture = is_picture_ending(last_ending(ending));
    if (!is_picture && ending != "json" && ending != "txt" && ending != "cls") continue;
    const auto [place, is_new] = places.emplace(stem, entries.size());
    if (is_new) entries.push_back({std::string(stem), {}, {}, {}, {}});
    Entry& entry = entries[place->second];
    if (is_picture) {
      entry.pictures.push_back({std::string(ending), member.offset, member.size});
    } else {
      Member& text = ending == "json" ? entry.json : ending == "txt" ? entry.text : entry.label;
      text = {{}, member.offset, member.size};
    }
    if (const auto offset = member.offset; !names.insert(std::move(member.name)).second) {
      throw_at(opened, offset, "sample " + in_quotes(entry.stem) + " has a member twice");
    }
  }
  std::erase_if(entries, [](const Entry& entry) { return entry.pictures.empty(); });
  samples_ = std::move(entries);
}

Sample Shard::describe(const ByteSource& source, const Entry& entry) const {
  const auto read_member = [&](const Member& member, const char* ending) {
    const std::string name = source.name + ": " + entry.stem + ending;
    if (member.size > kMaxAnnotationBytes) {
      throw Error(ErrorCode::limit_exceeded, name + ": " + std::to_string(member.size) +
                                                 " bytes, more than the " +
                                                 std::to_string(kMaxAnnotationBytes) + " allowed");
    }
    std::string text = read_text(source, member.offset, static_cast<std::size_t>(member.size));
    refuse_lfs_pointer(text, name);
    drop_byte_order_mark(text, name);
    return std::pair(std::move(text), name);
  };
  Sample sample;
  if (entry.json.size > 0) {
    const auto [text, name] = read_member(entry.json, ".json");
    sample = parse_annotation(text, name);
  }
  if (sample.captions.empty() && entry.text.size > 0) {
    sample.captions.push_back(without_line_end(read_member(entry.text, ".txt").first));
  }
  if (sample.label.empty() && entry.label.size > 0) {
    sample.label = without_line_end(read_member(entry.label, ".cls").first);
  }
  sample.key = entry.stem;
  sample.pictures.clear();  // the JSON's names are of files that the shard was made from
  for (const Member& picture : entry.pictures) {
    sample.pictures.push_back({entry.stem + '.' + picture.ending, {}});
  }
  return sample;
}

Sample Shard::annotation(std::size_t index) const {
  return describe(source(), samples_.at(index));
}

Sample Shard::read(std::size_t index) const {
  const ByteSource opened = source();
  const Entry& entry = samples_.at(index);
  Sample sample = describe(opened, entry);
  for (std::size_t i = 0; i < entry.pictures.size(); ++i) {
    const Member& member = entry.pictures[i];
    if (member.size > kMaxPictureBytes) {
      throw Error(ErrorCode::limit_exceeded,
                  opened.name + ": " + sample.pictures[i].name + ": larger than 1 GiB");
    }
    sample.pictures[i].bytes.resize(static_cast<std::size_t>(member.size));
    opened.read(member.offset, sample.pictures[i].bytes);
  }
  return sample;
}

}  // namespace blip::dataset
