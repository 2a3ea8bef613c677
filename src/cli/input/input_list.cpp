#include "cli/input/input_list.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "cli/input/image_folder.hpp"
#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

// Only on the command line is "-" standard input: what a list names are files.
std::string name_in_list(const std::string& line) {
  return line == "-" ? "./-" : line;
}

}  // namespace

std::optional<Shard> Shard::parse(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto [slash, number_error] = std::from_chars(text.data(), end, shard.number);
  if (number_error != std::errc{} || slash == end || *slash != '/') return std::nullopt;
  const auto [stop, count_error] = std::from_chars(slash + 1, end, shard.count);
  if (count_error != std::errc{} || stop != end) return std::nullopt;
  if (shard.number < 1 || shard.number > shard.count) return std::nullopt;
  return shard;
}

InputList::InputList(const InputSelection& selection, PlaceSidecar place)
    : recursive_(selection.recursive), place_(std::move(place)), shard_(selection.shard) {
  const bool has_texts =
      selection.list_format != ListFormat::names && !selection.columns.text.empty();
  const std::optional<std::string> text = has_texts ? selection.columns.otherwise : std::nullopt;
  if (has_texts && !text && !selection.names.empty()) {
    throw UsageError(selection.names.front() + ": is named without a " + selection.columns.text);
  }
  const auto dashes = std::count(selection.names.begin(), selection.names.end(), "-");
  if (dashes > 1 || (dashes == 1 && selection.list == "-")) {
    throw UsageError("standard input (-) can be read only once");
  }
  for (const std::string& name : selection.names) add(name, text);
  if (selection.list.empty()) return;
  if (selection.list_format != ListFormat::names) {
    parser_.emplace(selection.list_format, selection.columns, selection.list);
  }
  LineReader reader(selection.list, selection.separator);
  if (!reader.is_regular_file()) {
    pipe_ = std::move(reader);
    return;
  }
  while (const auto line = reader.next({})) add_line(*line, reader.line_number());
}

void InputList::add_line(const std::string& line, std::size_t number) {
  if (!parser_) {
    add(name_in_list(line), std::nullopt);
    return;
  }
  const auto entry = parser_->parse(line, number);
  if (!entry) return;
  if (entry->paths.size() == 1) {
    add(name_in_list(entry->paths.front()), entry->text);
  } else {
    add_pair(*entry);
  }
}

void InputList::add(const std::string& name, const std::optional<std::string>& text) {
  std::error_code ignored;  // a name that cannot be examined fails when it is opened
  if (name == "-" || !std::filesystem::is_directory(name, ignored)) {
    append({.path = name, .text = text}, {});
    return;
  }
  for (Input& input : images_in_folder(name, recursive_)) {
    input.text = text;
    append(std::move(input), name);
  }
}

// Images that belong together: a folder stands for none of them.
void InputList::add_pair(const ListEntry& entry) {
  for (const std::string& path : entry.paths) {
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(path, ignored);
    append(
        {.path = name_in_list(path), .error = is_folder ? "is a folder" : "", .text = entry.text},
        {});
  }
}

void InputList::append(Input input, const std::filesystem::path& folder) {
  input.index = count_++;
  if (place_ && input.error.empty()) {
    try {
      input.sidecar = place_(input.path, folder);
    } catch (const Error& error) {
      input.error = error.what();
    }
  }
  if (!shard_.contains(input.index)) return;
  if (done_ && input.error.empty() && done_(input)) return;
  pending_.push_back(std::move(input));
}

void InputList::skip(const std::function<bool(const Input&)>& done) {
  std::erase_if(pending_, [&](const Input& input) { return input.error.empty() && done(input); });
  done_ = done;
}

std::optional<Input> InputList::next(const std::stop_token& stop) {
  while (pending_.empty() && pipe_) {
    const auto line = pipe_->next(stop);
    if (line) {
      add_line(*line, pipe_->line_number());
    } else {
      pipe_.reset();
    }
  }
  if (pending_.empty()) return std::nullopt;
  Input input = std::move(pending_.front());
  pending_.pop_front();
  return input;
}

std::optional<std::size_t> InputList::total() const {
  if (pipe_) return std::nullopt;
  return pending_.size();
}

}  // namespace blip::cli
