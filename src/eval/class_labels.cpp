#include "eval/class_labels.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/trimmed.hpp"
#include "core/unicode.hpp"

namespace blip::eval {
namespace {

// Of the classes that do not fit, a message names so many.
constexpr std::size_t kNamed = 5;

// Lower case, "_" as a space, without white space around it.
std::string folded(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const DecodedCharacter character = decode_utf8(name);
    append_lowercase(character.code_point == U'_' ? U' ' : character.code_point, text);
    name.remove_prefix(character.length);
  }
  return std::string(trimmed(text));
}

std::vector<std::string> names_in(std::string_view label) {
  std::vector<std::string> names;
  while (!label.empty()) {
    const std::size_t comma = std::min(label.find(','), label.size());
    names.push_back(folded(label.substr(0, comma)));
    label.remove_prefix(std::min(comma + 1, label.size()));
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(kNamed, names.size()); ++i) {
    list += (i == 0 ? "" : ", ") + in_quotes(names[i]);
  }
  const std::size_t more = names.size() - std::min(kNamed, names.size());
  return more == 0 ? list : list + " and " + std::to_string(more) + " more";
}

}  // namespace

ClassLabels::ClassLabels(std::span<const std::string> labels) : count_(labels.size()) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    whole_[folded(labels[i])].push_back(i);
    for (const std::string& name : names_in(labels[i])) {
      std::vector<std::size_t>& of_name = parts_[name];
      if (of_name.empty() || of_name.back() != i) of_name.push_back(i);
    }
  }
}

std::vector<std::size_t> ClassLabels::find(std::string_view name) const {
  const std::string key = folded(name);
  for (const auto* names : {&whole_, &parts_}) {
    const auto found = names->find(key);
    if (found != names->end()) return found->second;
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  const bool is_number = error == std::errc{} && end == key.data() + key.size();
  return is_number && number < count_ ? std::vector{number} : std::vector<std::size_t>{};
}

std::vector<std::size_t> ClassLabels::labels_of(std::span<const std::string> classes) const {
  std::vector<std::size_t> labels;
  std::vector<std::string> unknown;
  std::vector<std::string> ambiguous;
  std::set<std::string_view> told;
  for (const std::string& name : classes) {
    const std::vector<std::size_t> found = find(name);
    if (found.size() == 1) {
      labels.push_back(found.front());
    } else if (told.insert(name).second) {
      (found.empty() ? unknown : ambiguous).push_back(name);
    }
  }
  if (!unknown.empty()) {
    throw Error(ErrorCode::invalid_argument,
                listed(unknown) + (unknown.size() == 1 ? " is" : " are") + " none of the " +
                    std::to_string(count_) + " labels that are chosen from");
  }
  if (!ambiguous.empty()) {
    throw Error(ErrorCode::invalid_argument, listed(ambiguous) +
                                                 (ambiguous.size() == 1 ? " stands" : " stand") +
                                                 " for several labels; give their numbers instead");
  }
  return labels;
}

}  // namespace blip::eval
