#include "train/capfilt/report_data.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "blip/error.hpp"
#include "core/counter_random.hpp"

namespace blip::train {
namespace {

// Any image is as likely to be an example as any other, and the same ones are in every run.
double random_rank(std::uint64_t image) {
  const auto low = static_cast<std::uint32_t>(image);
  const auto high = static_cast<std::uint32_t>(image >> 32U);
  const auto bits = philox({low, high, 0, 0}, {0, 0});
  return open_uniform(bits[0], bits[1]);
}

Outcome outcome_of(const ImageDecision& decision) {
  bool web = false;
  bool synthetic = false;
  for (const JudgedText& text : decision.texts) {
    (text.source == TextSource::synthetic ? synthetic : web) |= text.kept;
  }
  if (web) return synthetic ? Outcome::both_stay : Outcome::web_stays;
  return synthetic ? Outcome::replaced : Outcome::none_stays;
}

// Of the text that is nearest; infinite where nothing was judged.
double distance_from(double threshold, const ImageDecision& decision) {
  double least = std::numeric_limits<double>::infinity();
  for (const JudgedText& text : decision.texts) {
    if (text.score) least = std::min(least, std::abs(*text.score - threshold));
  }
  return least;
}

std::size_t bin_of(double score) {
  const auto bin = static_cast<std::size_t>(score * static_cast<double>(kScoreBins));
  return std::min(bin, kScoreBins - 1);
}

}  // namespace

void ExampleChoice::offer(double rank, const ImageDecision& decision) {
  if (most_ == 0 || (chosen_.size() == most_ && rank >= chosen_.back().first)) return;
  if (chosen_.size() == most_) chosen_.pop_back();
  const auto place =
      std::upper_bound(chosen_.begin(), chosen_.end(), rank,
                       [](double value, const auto& other) { return value < other.first; });
  chosen_.emplace(place, rank, decision);
}

ReportData::ReportData(double threshold, std::size_t examples) : threshold_(threshold) {
  const std::size_t share = examples / (kOutcomes + 1);
  examples_.fill(ExampleChoice(share));
  borderline_ = ExampleChoice(examples - share * kOutcomes);
}

void ReportData::add(const ImageDecision& decision) {
  ++(decision.is_human ? human_images_ : web_images_);
  if (!decision.error.empty()) {
    ++failed_;
    return;
  }
  count(decision);
  if (decision.is_human) return;
  const auto outcome = static_cast<std::size_t>(outcome_of(decision));
  ++outcomes_[outcome];
  examples_[outcome].offer(random_rank(decision.image), decision);
  const double distance = distance_from(threshold_, decision);
  if (std::isfinite(distance)) borderline_.offer(distance, decision);
}

void ReportData::count(const ImageDecision& decision) {
  for (const JudgedText& text : decision.texts) {
    SourceCounts& counts = counts_[static_cast<std::size_t>(text.source)];
    ++counts.texts;
    if (text.kept) ++counts.kept;
    if (!text.score) continue;
    ++counts.judged;
    counts.score_sum += *text.score;
    ++counts.histogram[bin_of(*text.score)];
  }
}

ReportData read_decisions(const std::filesystem::path& path, double threshold,
                          std::size_t examples) {
  std::ifstream file(path);
  if (!file) throw Error(ErrorCode::unreadable, path.string() + ": cannot be read");
  ReportData data(threshold, examples);
  DecisionReader reader(path.string());
  for (std::string line; std::getline(file, line);) {
    if (const auto decision = reader.take(line)) data.add(*decision);
  }
  if (const auto decision = reader.finish()) data.add(*decision);
  return data;
}

}  // namespace blip::train
