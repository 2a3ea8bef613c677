#include "app/library/picture_filter.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <numbers>
#include <string_view>
#include <unordered_set>

#include "blip/error.hpp"

namespace blip::app {
namespace {

// `text` as a whole number of `digits` digits; none if it is anything else.
std::optional<int> digits_of(std::string_view text, std::size_t digits) {
  int value = 0;
  if (text.size() != digits || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits) return std::nullopt;
  return value;
}

bool fits_pattern(const std::string& path, const std::string& pattern) {
  if (::fnmatch(pattern.c_str(), path.c_str(), 0) == 0) return true;
  return !pattern.starts_with('/') && ::fnmatch(("*/" + pattern).c_str(), path.c_str(), 0) == 0;
}

bool fits_camera(const std::string& camera, const std::string& pattern) {
  return ::fnmatch(("*" + pattern + "*").c_str(), camera.c_str(), FNM_CASEFOLD) == 0;
}

// The number that `text` begins with, which is taken off it.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view part) {
  if (!text.starts_with(part)) return false;
  text.remove_prefix(part.size());
  return true;
}

}  // namespace

std::string moment_of(const search::KnownPicture& picture) {
  // "2024-06-01T12:30:00"; a stranger's index may have anything.
  constexpr std::size_t kMostDate = 32;
  if (picture.taken && picture.taken->size() <= kMostDate) return *picture.taken;
  constexpr std::int64_t kBillion = 1'000'000'000;
  const std::time_t seconds = picture.state.mtime / kBillion;
  std::tm local = {};
  if (::localtime_r(&seconds, &local) == nullptr) return {};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", 1900 + local.tm_year, local.tm_mon + 1,
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

bool Surroundings::contain(double other_latitude, double other_longitude) const {
  constexpr double kEarthRadius = 6371.0;  // mean, in km
  constexpr double kRadian = std::numbers::pi / 180;
  const double height = std::sin((other_latitude - latitude) * kRadian / 2);
  const double width = std::sin((other_longitude - longitude) * kRadian / 2);
  const double haversine = height * height + std::cos(latitude * kRadian) *
                                                 std::cos(other_latitude * kRadian) * width * width;
  return 2 * kEarthRadius * std::asin(std::sqrt(std::min(1.0, haversine))) <= radius_km;
}

Surroundings surroundings_of(const std::string& text) {
  constexpr double kPole = 90;
  constexpr double kDateLine = 180;
  std::string_view rest = text;
  std::array<double, 3> numbers{};  // latitude, longitude, radius
  bool is_place = true;
  for (std::size_t i = 0; i < numbers.size() && is_place; ++i) {
    is_place = i == 0 || take(rest, ",");
    const auto number = take_number(rest);
    is_place = is_place && number.has_value();
    numbers[i] = number.value_or(0.0);
  }
  const auto [latitude, longitude, radius] = numbers;
  if (!is_place || (rest != "km" && rest != "m") || radius < 0 || std::abs(latitude) > kPole ||
      std::abs(longitude) > kDateLine) {
    throw Error(ErrorCode::invalid_argument,
                text +
                    " is no place; write degrees north, degrees east and how far around, as "
                    "48.86,2.35,10km");
  }
  return {.latitude = latitude,
          .longitude = longitude,
          .radius_km = rest == "m" ? radius / 1000 : radius};
}

std::string first_moment(const std::string& date) {
  const std::string_view text = date;
  const auto part = [&](std::size_t at, std::size_t digits) -> std::optional<int> {
    if (text.size() == at - 1 && at > 0) return 1;  // left out
    if (text.size() < at + digits || (at > 0 && text[at - 1] != '-')) return std::nullopt;
    return digits_of(text.substr(at, digits), digits);
  };
  const bool has_length = text.size() == 4 || text.size() == 7 || text.size() == 10;
  const auto year = has_length ? digits_of(text.substr(0, 4), 4) : std::nullopt;
  const auto month = has_length ? part(5, 2) : std::nullopt;
  const auto day = text.size() == 10 ? part(8, 2) : std::optional<int>(1);
  if (!year || !month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) {
    throw Error(ErrorCode::invalid_argument,
                date + " is no date; write 2024, 2024-06 or 2024-06-01");
  }
  return fmt::format("{:04}-{:02}-{:02}T00:00:00", *year, *month, *day);
}

bool PictureFilter::fits(const search::KnownPicture& picture) const {
  if (after || before) {
    const std::string moment = moment_of(picture);
    if ((after && moment < *after) || (before && moment >= *before)) return false;
  }
  if (near && !(picture.latitude && picture.longitude &&
                near->contain(*picture.latitude, *picture.longitude))) {
    return false;
  }
  if (!cameras.empty() &&
      !(picture.camera && std::any_of(cameras.begin(), cameras.end(), [&](const auto& pattern) {
          return fits_camera(*picture.camera, pattern);
        }))) {
    return false;
  }
  return paths.empty() || std::any_of(paths.begin(), paths.end(), [&](const std::string& pattern) {
           return fits_pattern(picture.path, pattern);
         });
}

std::vector<std::int64_t> admitted_pictures(
    search::LibraryIndex& index, const PictureFilter& filter,
    const std::function<void(const search::KnownPicture&)>& visit) {
  std::vector<std::unordered_set<std::int64_t>> tagged;
  for (const std::string& tag : filter.tags) tagged.push_back(index.pictures_tagged(tag));
  std::vector<std::int64_t> ids;
  index.for_pictures([&](const search::KnownPicture& picture) {
    const bool has_tags = std::all_of(tagged.begin(), tagged.end(), [&](const auto& pictures) {
      return pictures.contains(picture.id);
    });
    if (!has_tags || !filter.fits(picture)) return;
    ids.push_back(picture.id);
    if (visit) visit(picture);
  });
  return ids;
}

}  // namespace blip::app
