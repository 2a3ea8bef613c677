#include "train/capfilt/output_directory.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/durable_file.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "core/replacement_file.hpp"
#include "dataset/annotation.hpp"
#include "dataset/shard.hpp"
#include "dataset/tar_writer.hpp"

namespace blip::train {
namespace {

constexpr std::size_t kMaxSettingsBytes = std::size_t{64} << 20;  // a million names of shards
constexpr std::size_t kMaxPartBytes = std::size_t{4} << 30;

void make_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw WriteError(path, error.value());
}

// The first setting of which two runs differ.
std::string difference(const nlohmann::json& earlier, const nlohmann::json& now) {
  for (const auto& [name, value] : now.items()) {
    if (!earlier.contains(name) || earlier[name] != value) return "--" + name;
  }
  return "its settings";
}

// Joins files to one, which gets its name when it is whole.
void join_files(const std::vector<std::filesystem::path>& parts,
                const std::filesystem::path& target, std::string_view before,
                std::string_view between, std::string_view after) {
  replace_file(target, [&](DurableFile& file) {
    file.write(before);
    bool is_first = true;
    for (const std::filesystem::path& part : parts) {
      const std::string text = read_text_file(part, kMaxPartBytes);
      if (text.empty()) continue;
      if (!is_first) file.write(between);
      file.write(text);
      is_first = false;
    }
    file.write(after);
  });
}

// A key as a shard can have it: a list's are paths of pictures.
std::string shard_key(std::string key) {
  while (key.starts_with('/') || key.starts_with("./")) key.erase(0, key.find('/') + 1);
  const std::size_t slash = key.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  const std::size_t dot = key.rfind('.');
  if (dot != std::string::npos && dot > name && dataset::is_picture_ending(key.substr(dot + 1))) {
    key.resize(dot);
  }
  std::replace(key.begin() + static_cast<std::ptrdiff_t>(name), key.end(), '.', '_');
  return key;
}

nlohmann::ordered_json score_json(const JudgedText& text) {
  return text.score ? nlohmann::ordered_json(*text.score) : nlohmann::ordered_json(nullptr);
}

// Where each text is from and how it was judged, beside the texts.
std::string annotation_with_origins(const dataset::Sample& sample, const ImageDecision& decision) {
  auto object = nlohmann::ordered_json::parse(dataset::annotation_json(sample));
  for (const JudgedText& text : decision.texts) {
    if (!text.kept) continue;
    object["sources"].push_back(name_of(text.source));
    object["scores"].push_back(score_json(text));
  }
  return object.dump();
}

}  // namespace

OutputDirectory::OutputDirectory(std::filesystem::path path, const std::string& settings,
                                 bool is_list, bool resume)
    : path_(std::filesystem::absolute(path).lexically_normal()), is_list_(is_list) {
  const std::filesystem::path file = path_ / "run.json";
  if (!file_exists(file) || !has_begun()) {
    make_directory(path_ / ".parts");
    replace_file(file, settings);
    return;
  }
  if (!resume) {
    throw Error(ErrorCode::invalid_argument, path.string() +
                                                 ": holds an earlier run; continue it with "
                                                 "--resume, or name another --output");
  }
  const std::string earlier = read_text_file(file, kMaxSettingsBytes);
  if (earlier != settings) {
    throw Error(ErrorCode::invalid_argument,
                path.string() + ": its run cannot be continued, as it was begun with another " +
                    difference(parse_json_object(earlier, file.string()),
                               parse_json_object(settings, "settings")));
  }
  if (!is_complete()) make_directory(path_ / ".parts");
}

bool OutputDirectory::is_complete() const {
  return file_exists(decisions());
}

bool OutputDirectory::has_begun() const {
  if (is_complete()) return true;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_ / ".parts", ignored)) {
    if (entry.path().extension() == ".jsonl") return true;
  }
  return false;
}

std::filesystem::path OutputDirectory::part_file(std::size_t part, const char* ending) const {
  std::string number = std::to_string(part);
  constexpr std::size_t kWidth = 6;
  if (number.size() < kWidth) number.insert(0, kWidth - number.size(), '0');
  return path_ / ".parts" / (number + ending);
}

bool OutputDirectory::has_part(std::size_t part) const {
  return file_exists(part_file(part, ".jsonl"));
}

void OutputDirectory::complete(std::size_t parts) const {
  std::vector<std::filesystem::path> rows;
  std::vector<std::filesystem::path> decided;
  for (std::size_t part = 0; part < parts; ++part) {
    rows.push_back(part_file(part, ".rows"));
    decided.push_back(part_file(part, ".jsonl"));
  }
  if (is_list_) join_files(rows, path_ / "capfilt.json", "[", ",\n ", "]\n");
  join_files(decided, decisions(), "", "", "");
  std::error_code ignored;
  std::filesystem::remove_all(path_ / ".parts", ignored);
}

OutputPart::OutputPart(const OutputDirectory& directory, std::size_t part)
    : directory_(directory),
      part_(part),
      // A part is one shard, however large.
      shard_(directory.shard_prefix(),
             {.samples = std::numeric_limits<std::size_t>::max(),
              .bytes = std::numeric_limits<std::uint64_t>::max()},
             part) {}

void OutputPart::add(dataset::Sample sample, ImageDecision& decision) {
  const bool any_kept = std::any_of(decision.texts.begin(), decision.texts.end(),
                                    [](const JudgedText& text) { return text.kept; });
  // Annotated samples may have questions instead of captions.
  if (decision.error.empty() && (any_kept || decision.is_human)) {
    try {
      if (directory_.is_list()) {
        add_row(sample, decision);
      } else {
        add_to_shard(std::move(sample), decision);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::invalid_argument) throw;
      decision.error = error.what();
    }
  }
  decisions_ += decision_lines(decision);
}

void OutputPart::add_row(const dataset::Sample& sample, const ImageDecision& decision) {
  for (const JudgedText& text : decision.texts) {
    if (!text.kept) continue;
    const std::string& image = sample.pictures.front().name;
    nlohmann::ordered_json row = {{"image", image}};
    if (!sample.image_id.empty() && sample.image_id != image) row["image_id"] = sample.image_id;
    if (!sample.source.empty()) row["dataset"] = sample.source;
    row["caption"] = text.text;
    row["source"] = name_of(text.source);
    row["score"] = score_json(text);
    if (!rows_.empty()) rows_ += ",\n ";
    rows_ += row.dump();
  }
}

void OutputPart::add_to_shard(dataset::Sample sample, const ImageDecision& decision) {
  sample.captions.clear();
  for (const JudgedText& text : decision.texts) {
    if (text.kept) sample.captions.push_back(text.text);
  }
  // Two data sets may have the same keys; a shard may not have one twice.
  const std::string key = shard_key(sample.key);
  sample.key = key;
  for (int n = 2; keys_.contains(sample.key); ++n) sample.key = key + '-' + std::to_string(n);
  shard_.write(sample, annotation_with_origins(sample, decision));
  keys_.insert(sample.key);
}

void OutputPart::finish() {
  if (directory_.is_list()) {
    replace_file(directory_.part_file(part_, ".rows"), rows_);
  } else {
    // Numbers without a gap can be named by braces, so a part with nothing kept has a shard, too.
    if (shard_.shards() == 0) {
      dataset::TarWriter(dataset::shard_path(directory_.shard_prefix(), part_)).finish();
    }
    shard_.finish();
    sync_directory(directory_.path());
  }
  replace_file(directory_.part_file(part_, ".jsonl"), decisions_);
}

}  // namespace blip::train
