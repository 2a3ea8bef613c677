#include "app/phrase_lists.hpp"

#include <algorithm>

#include "app/bundled_lines.hpp"
#include "app/bundled_phrases.hpp"

namespace blip::app {
namespace {

std::vector<std::string> phrases_of_artists(const std::vector<std::string>& names) {
  std::vector<std::string> phrases;
  for (const char* begin : {"by ", "inspired by "}) {
    for (const std::string& name : names) phrases.push_back(begin + name);
  }
  return phrases;
}

}  // namespace

void PhraseLists::set(const std::string& name, std::vector<std::string> phrases) {
  if (name == "artists") {
    artists = phrases_of_artists(phrases);
  } else if (name == "flavors") {
    flavors = std::move(phrases);
  } else if (name == "mediums") {
    mediums = std::move(phrases);
  } else if (name == "movements") {
    movements = std::move(phrases);
  } else if (name == "trendings") {
    trendings = std::move(phrases);
  } else if (name == "negative") {
    negative = std::move(phrases);
  } else {
    const auto same = std::find_if(others.begin(), others.end(),
                                   [&](const auto& other) { return other.first == name; });
    if (same == others.end()) {
      others.emplace_back(name, std::move(phrases));
    } else {
      same->second = std::move(phrases);
    }
  }
}

std::vector<std::string> PhraseLists::all_flavors() const {
  std::vector<std::string> all = flavors;
  for (const auto& [name, phrases] : others) all.insert(all.end(), phrases.begin(), phrases.end());
  return all;
}

PhraseLists bundled_phrases() {
  PhraseLists lists;
  lists.flavors = bundled_lines(kBundledFlavors);
  lists.mediums = bundled_lines(kBundledMediums);
  lists.movements = bundled_lines(kBundledMovements);
  lists.negative = bundled_lines(kBundledNegative);
  lists.set("lighting", bundled_lines(kBundledLighting));
  return lists;
}

}  // namespace blip::app
