// What report.html tells of a run, counted from its decisions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "train/capfilt/decision.hpp"

namespace blip::train {

/// Bars of a histogram of scores from 0 to 1.
inline constexpr std::size_t kScoreBins = 20;

struct SourceCounts {
  std::uint64_t texts = 0;
  std::uint64_t kept = 0;
  std::uint64_t judged = 0;  ///< have a score
  double score_sum = 0;
  std::array<std::uint64_t, kScoreBins> histogram{};
};

/// Images of which the same was kept; in the order in which the report shows them.
enum class Outcome {
  replaced,    ///< the synthetic text, but none of the web's
  web_stays,   ///< the web's, but not the synthetic text
  both_stay,   ///< the web's and the synthetic text
  none_stays,  ///< nothing
};
inline constexpr std::size_t kOutcomes = 4;

/// The few of many that have the least rank.
class ExampleChoice {
 public:
  explicit ExampleChoice(std::size_t most = 0) : most_(most) {}
  void offer(double rank, const ImageDecision& decision);
  /// By rank, then by the image's place.
  [[nodiscard]] const std::vector<std::pair<double, ImageDecision>>& chosen() const noexcept {
    return chosen_;
  }

 private:
  std::size_t most_;
  std::vector<std::pair<double, ImageDecision>> chosen_;
};

class ReportData {
 public:
  /// `examples`: images to show, shared out among the outcomes and those nearest the threshold.
  ReportData(double threshold, std::size_t examples);

  void add(const ImageDecision& decision);

  [[nodiscard]] const SourceCounts& counts(TextSource source) const {
    return counts_[static_cast<std::size_t>(source)];
  }
  [[nodiscard]] std::uint64_t images(Outcome outcome) const {
    return outcomes_[static_cast<std::size_t>(outcome)];
  }
  [[nodiscard]] const ExampleChoice& examples(Outcome outcome) const {
    return examples_[static_cast<std::size_t>(outcome)];
  }
  [[nodiscard]] const ExampleChoice& borderline() const noexcept { return borderline_; }
  /// Of the web: all, and those that could not be read. Of humans likewise.
  [[nodiscard]] std::uint64_t web_images() const noexcept { return web_images_; }
  [[nodiscard]] std::uint64_t human_images() const noexcept { return human_images_; }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }

 private:
  void count(const ImageDecision& decision);

  double threshold_;
  std::uint64_t web_images_ = 0;
  std::uint64_t human_images_ = 0;
  std::uint64_t failed_ = 0;
  std::array<SourceCounts, 3> counts_{};
  std::array<std::uint64_t, kOutcomes> outcomes_{};
  std::array<ExampleChoice, kOutcomes> examples_;
  ExampleChoice borderline_;
};

/// Reads decisions.jsonl. Throws unreadable or malformed, naming the file.
ReportData read_decisions(const std::filesystem::path& path, double threshold,
                          std::size_t examples);

}  // namespace blip::train
