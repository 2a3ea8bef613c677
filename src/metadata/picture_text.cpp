#include "metadata/picture_text.hpp"

#include <algorithm>

namespace blip::metadata {
namespace {

bool same_subject(const std::string& left, const std::string& right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

bool changes(const std::string& there, const std::string& text, Existing existing) {
  if (text.empty()) return false;
  if (there.empty()) return true;
  if (existing == Existing::keep) return false;
  return existing == Existing::append ? there.find(text) == std::string::npos : there != text;
}

bool changes(const std::vector<std::string>& there, const std::vector<std::string>& subjects,
             Existing existing) {
  if (subjects.empty()) return false;
  if (there.empty()) return true;
  if (existing == Existing::keep) return false;
  std::vector<std::string> all;
  if (existing == Existing::append) all = there;
  append_subjects(all, subjects);
  return all != there;
}

}  // namespace

void fill(PictureText& text, const PictureText& from) {
  if (text.description.empty()) text.description = from.description;
  if (text.subjects.empty()) text.subjects = from.subjects;
  if (text.alt.empty()) text.alt = from.alt;
}

bool changes(const PictureText& there, const PictureText& text, Existing existing) {
  return changes(there.description, text.description, existing) ||
         changes(there.subjects, text.subjects, existing) || changes(there.alt, text.alt, existing);
}

std::string appended(const std::string& there, const std::string& text,
                     const std::string& separator) {
  if (there.find(text) != std::string::npos) return there;
  return there.empty() ? text : there + separator + text;
}

void append_subjects(std::vector<std::string>& there, const std::vector<std::string>& subjects) {
  for (const std::string& subject : subjects) {
    const bool is_there = std::ranges::any_of(
        there, [&](const std::string& other) { return same_subject(other, subject); });
    if (!is_there) there.push_back(subject);
  }
}

}  // namespace blip::metadata
