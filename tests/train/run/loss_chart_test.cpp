// Loss curves: marks that read well, smoothing as TensorBoard's, and a picture that is one.
#include "train/run/loss_chart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "train/run/axis_ticks.hpp"
#include "train/run/curve.hpp"

namespace blip::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(AxisTicks, AreRoundNumbers) {
  EXPECT_THAT(axis_ticks(0, 10, 5).labels, ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(axis_ticks(0.13, 0.97, 5).labels, ElementsAre("0.2", "0.4", "0.6", "0.8"));
  EXPECT_THAT(axis_ticks(0, 56'700, 6).labels, ElementsAre("0", "10k", "20k", "30k", "40k", "50k"));
  EXPECT_THAT(axis_ticks(0, 3e6, 6).labels,
              ElementsAre("0", "0.5M", "1M", "1.5M", "2M", "2.5M", "3M"));
  EXPECT_THAT(axis_ticks(0, 1e-5, 5).labels,
              ElementsAre("0", "2e-6", "4e-6", "6e-6", "8e-6", "1e-5"));
  EXPECT_THAT(axis_ticks(-1, 1, 4).labels, ElementsAre("-1.0", "-0.5", "0", "0.5", "1.0"));
  EXPECT_THAT(axis_ticks(2.41, 2.45, 4).labels,
              ElementsAre("2.41", "2.42", "2.43", "2.44", "2.45"));
}

TEST(Curve, IsSmoothedWithoutABiasTowardsZero) {
  const std::vector<LogPoint> points = {{0, 4}, {1, 8}, {2, 8}};
  const std::vector<LogPoint> smooth = smoothed(points, 0.5);
  EXPECT_DOUBLE_EQ(smooth[0].value, 4);
  EXPECT_DOUBLE_EQ(smooth[1].value, (0.25 * 4 + 0.5 * 8) / 0.75);
  EXPECT_DOUBLE_EQ(smooth[2].value, (0.125 * 4 + 0.25 * 8 + 0.5 * 8) / 0.875);
  EXPECT_DOUBLE_EQ(smoothed(points, 0)[1].value, 8);
}

TEST(Curve, KeepsItsExtremesWhenThinned) {
  std::vector<LogPoint> points;
  for (std::int64_t step = 0; step < 10'000; ++step) points.push_back({step, 1.0});
  points[5'003].value = 9;
  points[7'777].value = -9;
  const std::vector<LogPoint> thin = thinned(points, 100);
  EXPECT_LE(thin.size(), 202U);
  const auto has = [&](double value) {
    return std::any_of(thin.begin(), thin.end(),
                       [&](const LogPoint& point) { return point.value == value; });
  };
  EXPECT_TRUE(has(9));
  EXPECT_TRUE(has(-9));
  EXPECT_TRUE(std::is_sorted(thin.begin(), thin.end(), [](const auto& left, const auto& right) {
    return left.step < right.step;
  }));
}

TEST(Curve, HasARangeThatOneSpikeDoesNotChange) {
  std::vector<LogPoint> points;
  for (std::int64_t step = 0; step < 1'000; ++step)
    points.push_back({step, static_cast<double>(step % 2 + 1)});
  points[500].value = 1e6;
  EXPECT_EQ(usual_range(points), (std::pair{1.0, 2.0}));
}

LogSeries series() {
  return {{"loss", {{0, 3}, {10, 2}, {20, 1}}},
          {"accuracy", {{20, 0.5}}},
          {"matching", {{0, 0.7}, {20, 0.6}}}};
}

TEST(LossChart, HasAPanelForEachSeriesAndACurveForEachLog) {
  const std::string svg = loss_chart({{"first <&>", series()}, {"second", series()}}, {});
  EXPECT_THAT(svg, HasSubstr("<svg xmlns"));
  EXPECT_THAT(svg, ::testing::EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("first &lt;&amp;&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  const auto count = [&](const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("class=\"t\""), 3U);
  EXPECT_EQ(count("stroke-width=\"2\""), 6U);
  // The losses come first.
  EXPECT_LT(svg.find(">loss<"), svg.find(">matching<"));
  EXPECT_LT(svg.find(">matching<"), svg.find(">accuracy<"));
}

TEST(LossChart, DrawsWhatIsAskedFor) {
  const std::string svg = loss_chart({{"run", series()}}, {.series = {"matching"}});
  EXPECT_THAT(svg, HasSubstr(">matching<"));
  EXPECT_THAT(svg, Not(HasSubstr(">loss<")));
  EXPECT_THAT(svg, Not(HasSubstr(">run<")));  // one curve needs no legend
  EXPECT_THROW(loss_chart({{"run", series()}}, {.series = {"lost"}}), Error);
  EXPECT_THROW(loss_chart({{"run", {}}}, {}), Error);
}

TEST(LossChart, DrawsOnePointAndConstantsToo) {
  const std::string svg =
      loss_chart({{"run", {{"loss", {{5, 0}}}, {"zero", {{1, 0}, {2, 0}}}}}}, {});
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

}  // namespace
}  // namespace blip::train
