#include "train/data/row_list.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <unordered_map>

#include "blip/error.hpp"

namespace blip::train {
namespace {

std::vector<std::uint32_t> items_of(const dataset::Sample& sample, RowKind kind) {
  std::vector<std::uint32_t> items;
  const auto add = [&](std::size_t item) { items.push_back(static_cast<std::uint32_t>(item)); };
  switch (kind) {
    case RowKind::caption:
      for (std::size_t i = 0; i < sample.captions.size(); ++i) add(i);
      break;
    case RowKind::question:
      for (std::size_t i = 0; i < sample.questions.size(); ++i) {
        if (!sample.questions[i].answers.empty()) add(i);
      }
      break;
    case RowKind::statement:
      for (std::size_t i = 0; i < sample.statements.size(); ++i) {
        if (sample.statements[i].is_true) add(i);
      }
      break;
    case RowKind::picture:
      if (!sample.pictures.empty()) add(0);
      break;
  }
  return items;
}

}  // namespace

std::vector<Row> list_rows(const dataset::Dataset& samples, RowKind kind) {
  constexpr std::size_t kMaxRows = std::numeric_limits<std::uint32_t>::max();
  std::vector<Row> rows;
  std::unordered_map<std::string, std::uint32_t> images;
  std::uint32_t next_image = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const dataset::Sample sample = samples.annotation(i);
    const auto items = items_of(sample, kind);
    if (rows.size() + items.size() > kMaxRows || i >= kMaxRows) {
      throw Error(ErrorCode::limit_exceeded, "the data set has more than 2^32 - 1 rows");
    }
    std::uint32_t image = next_image;
    if (!sample.image_id.empty()) image = images.emplace(sample.image_id, next_image).first->second;
    const bool is_known = image != next_image;
    if (!is_known) ++next_image;
    if (is_known && kind == RowKind::picture) continue;  // it has its row
    for (const std::uint32_t item : items) {
      rows.push_back({static_cast<std::uint32_t>(i), item, image});
    }
  }
  return rows;
}

std::vector<std::uint32_t> group_rows_by_picture(std::vector<Row>& rows, std::size_t most) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.image < b.image; });
  std::vector<std::uint32_t> starts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_next =
        starts.empty() || rows[i].image != rows[starts.back()].image || i - starts.back() == most;
    if (is_next) starts.push_back(static_cast<std::uint32_t>(i));
  }
  starts.push_back(static_cast<std::uint32_t>(rows.size()));
  return starts;
}

}  // namespace blip::train
