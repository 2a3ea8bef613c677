#include "cli/input/input_list.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

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

InputList::InputList(const InputSelection& selection)
    : recursive_(selection.recursive), shard_(selection.shard) {
  const auto dashes = std::count(selection.names.begin(), selection.names.end(), "-");
  if (dashes > 1 || (dashes == 1 && selection.list == "-")) {
    throw UsageError("standard input (-) can be read only once");
  }
  for (const std::string& name : selection.names) add(name);
  if (selection.list.empty()) return;
  LineReader reader(selection.list, selection.separator);
  if (!reader.is_regular_file()) {
    pipe_ = std::move(reader);
    return;
  }
  while (const auto line = reader.next({})) add(name_in_list(*line));
}

void InputList::add(const std::string& name) {
  std::error_code ignored;  // a name that cannot be examined fails when it is opened
  if (name == "-" || !std::filesystem::is_directory(name, ignored)) {
    append({.path = name});
    return;
  }
  for (Input& input : images_in_folder(name, recursive_)) append(std::move(input));
}

void InputList::append(Input input) {
  input.index = count_++;
  if (!shard_.contains(input.index)) return;
  if (done_ && done_(input.path)) return;
  pending_.push_back(std::move(input));
}

void InputList::skip(const std::function<bool(const std::filesystem::path&)>& done) {
  std::erase_if(pending_, [&](const Input& input) { return done(input.path); });
  done_ = done;
}

std::optional<Input> InputList::next(const std::stop_token& stop) {
  while (pending_.empty() && pipe_) {
    const auto line = pipe_->next(stop);
    if (line) {
      add(name_in_list(*line));
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
