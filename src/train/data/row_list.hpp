// The rows of a data set: what training counts, shuffles and loads one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataset/dataset.hpp"

namespace blip::train {

/// What makes a row of a sample: each caption, question or statement with the sample's pictures, or
/// the pictures alone: one row for all samples of a picture.
enum class RowKind { caption, question, statement, picture };

struct Row {
  std::uint32_t sample = 0;  ///< of the data set
  std::uint32_t item = 0;    ///< which of its captions, questions or statements; 0 of pictures
  std::uint32_t image = 0;   ///< equal for rows of the same picture, numbered from 0
};

/// Reads all annotations once. Samples show the same picture if they have the same image_id; one
/// without is alone. Questions without answers and statements without a label are left out, since
/// nothing can be learnt of them. Throws what reading throws; limit_exceeded beyond 2³² - 1 rows.
std::vector<Row> list_rows(const dataset::Dataset& samples, RowKind kind);

/// Puts the rows of a picture side by side, pictures and rows in the order they first had, and
/// parts them into groups of `most` ≥ 1 rows of one picture; a picture's last group may be smaller.
/// → where the groups begin, and at the end rows.size()
std::vector<std::uint32_t> group_rows_by_picture(std::vector<Row>& rows, std::size_t most);

}  // namespace blip::train
