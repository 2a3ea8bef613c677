#include "train/run/loss_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "core/html_text.hpp"
#include "core/in_quotes.hpp"
#include "train/run/axis_ticks.hpp"
#include "train/run/curve.hpp"

namespace blip::train {
namespace {

// Pixels.
constexpr double kPanelWidth = 500;
constexpr double kPanelHeight = 300;
constexpr double kLeft = 64;  // room for the numbers of the vertical axis
constexpr double kRight = 20;
constexpr double kTop = 40;     // the panel's title
constexpr double kBottom = 44;  // the numbers of the horizontal axis and its name
constexpr double kPlotWidth = kPanelWidth - kLeft - kRight;
constexpr double kPlotHeight = kPanelHeight - kTop - kBottom;
constexpr double kMargin = 12;
constexpr double kLegendLine = 22;

// Told apart by people with any colour vision (after Okabe and Ito), and all dark enough on white.
constexpr std::array<std::string_view, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                      "#7a5c00", "#56b4e9", "#6a3d9a", "#555555"};
constexpr std::string_view kInk = "#222222";
constexpr std::string_view kPale = "#777777";
constexpr std::string_view kGrid = "#e6e6e6";

std::string text_at(double x, double y, std::string_view text, std::string_view style) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, style,
                     html_escaped(text));
}

struct Scale {
  double least = 0;
  double most = 1;
  [[nodiscard]] double share(double value) const { return (value - least) / (most - least); }
};

struct Curve {
  std::vector<LogPoint> raw;
  std::vector<LogPoint> smooth;
  std::string_view colour;
  bool is_schedule = false;
};

std::string path_of(std::span<const LogPoint> points, const Scale& x, const Scale& y) {
  std::string path;
  for (const LogPoint& point : points) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L",
                        kPlotWidth * x.share(static_cast<double>(point.step)),
                        kPlotHeight * (1 - y.share(point.value)));
  }
  return path;
}

// Of a value that does not change, a range all the same.
Scale widened(double least, double most, double by) {
  double room = (most - least) * by;
  if (room <= 0) room = std::max(std::abs(most) * 0.1, 1e-9);
  return {least - room, most + room};
}

std::pair<double, double> whole_range(std::span<const LogPoint> points) {
  const auto lower = [](const LogPoint& left, const LogPoint& right) {
    return left.value < right.value;
  };
  const auto [low, high] = std::minmax_element(points.begin(), points.end(), lower);
  return {low->value, high->value};
}

Scale vertical_scale(const std::vector<Curve>& curves) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (const Curve& curve : curves) {
    const auto [low, high] = curve.is_schedule ? whole_range(curve.raw) : usual_range(curve.raw);
    least = std::min(least, low);
    most = std::max(most, high);
  }
  Scale scale = widened(least, most, 0.06);
  // Losses and rates are never below 0: no axis that suggests they might be.
  if (least >= 0 && scale.least < 0) scale.least = 0;
  return scale;
}

Scale horizontal_scale(const std::vector<Curve>& curves) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (const Curve& curve : curves) {
    least = std::min(least, static_cast<double>(curve.raw.front().step));
    most = std::max(most, static_cast<double>(curve.raw.back().step));
  }
  // A run's beginning is part of the picture; a zoom into the end of one is not flattened by it.
  if (least > 0 && least < (most - least) * 0.2) least = 0;
  return most > least ? Scale{least, most} : Scale{least - 1, most + 1};
}

std::string axes(const Scale& x, const Scale& y) {
  std::string svg;
  const AxisTicks rows = axis_ticks(y.least, y.most, 5);
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    const double at = kPlotHeight * (1 - y.share(rows.values[i]));
    svg += fmt::format("<path d=\"M0 {:.1f}H{:.1f}\" stroke=\"{}\"/>\n", at, kPlotWidth, kGrid);
    svg += text_at(-8, at + 4, rows.labels[i], fmt::format("class=\"n\" text-anchor=\"end\""));
  }
  const AxisTicks columns = axis_ticks(x.least, x.most, 6);
  for (std::size_t i = 0; i < columns.values.size(); ++i) {
    const double at = kPlotWidth * x.share(columns.values[i]);
    svg +=
        fmt::format("<path d=\"M{:.1f} 0V{:.1f}\" stroke=\"{}\"/>\n", at, kPlotHeight + 4, kGrid);
    svg += text_at(at, kPlotHeight + 18, columns.labels[i], "class=\"n\" text-anchor=\"middle\"");
  }
  svg += fmt::format("<path d=\"M0 0V{0:.1f}H{1:.1f}\" fill=\"none\" stroke=\"{2}\"/>\n",
                     kPlotHeight, kPlotWidth, kPale);
  svg += text_at(kPlotWidth, kPlotHeight + 36, "step", "class=\"n\" text-anchor=\"end\"");
  return svg;
}

std::string panel(double left, double top, const std::string& title,
                  const std::vector<Curve>& curves) {
  const Scale x = horizontal_scale(curves);
  const Scale y = vertical_scale(curves);
  std::string svg =
      fmt::format("<g transform=\"translate({:.1f} {:.1f})\">\n", left + kLeft, top + kTop);
  svg += text_at(0, -14, title, "class=\"t\"");
  svg += axes(x, y);
  svg += "<g clip-path=\"url(#plot)\" fill=\"none\" stroke-linejoin=\"round\">\n";
  constexpr auto kColumns = static_cast<std::size_t>(kPlotWidth);
  for (const Curve& curve : curves) {
    svg += fmt::format("<path d=\"{}\" stroke=\"{}\" stroke-opacity=\"0.28\"/>\n",
                       path_of(thinned(curve.raw, kColumns), x, y), curve.colour);
  }
  for (const Curve& curve : curves) {
    svg += fmt::format("<path d=\"{}\" stroke=\"{}\" stroke-width=\"2\"/>\n",
                       path_of(thinned(curve.smooth, kColumns), x, y), curve.colour);
  }
  return svg + "</g>\n</g>\n";
}

std::string legend(const std::vector<ChartLog>& logs) {
  std::string svg;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const double y = kMargin + kLegendLine * (static_cast<double>(i) + 0.5);
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}h24\" stroke=\"{}\" stroke-width=\"3\"/>\n",
                       kMargin + kLeft, y, kColours[i % kColours.size()]);
    svg += text_at(kMargin + kLeft + 32, y + 4.5, logs[i].name, "class=\"l\"");
  }
  return svg;
}

// The sum of the losses first, then its parts, then the rest, each by name.
std::vector<std::string> all_series(const std::vector<ChartLog>& logs) {
  constexpr std::array<std::string_view, 4> kFirst = {"loss", "contrastive", "matching",
                                                      "language"};
  std::set<std::string> names;
  for (const ChartLog& log : logs) {
    for (const auto& [name, points] : log.series) names.insert(name);
  }
  std::vector<std::string> order;
  for (const std::string_view first : kFirst) {
    if (names.erase(std::string(first)) > 0) order.emplace_back(first);
  }
  order.insert(order.end(), names.begin(), names.end());
  return order;
}

std::vector<Curve> curves_of(const std::vector<ChartLog>& logs, const std::string& name,
                             double smoothing) {
  std::vector<Curve> curves;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const auto found = logs[i].series.find(name);
    if (found == logs[i].series.end() || found->second.empty()) continue;
    // A schedule is what it is; smoothed it would be shown too late.
    const bool is_schedule = name == "learning_rate" || name == "alpha";
    curves.push_back({found->second, smoothed(found->second, is_schedule ? 0 : smoothing),
                      kColours[i % kColours.size()], is_schedule});
  }
  return curves;
}

}  // namespace

std::string loss_chart(const std::vector<ChartLog>& logs, const ChartOptions& options) {
  const std::vector<std::string> names = options.series.empty() ? all_series(logs) : options.series;
  if (names.empty()) {
    throw Error(ErrorCode::invalid_argument, "there is nothing to plot: the log has no values yet");
  }
  const std::size_t columns = std::min<std::size_t>(names.size(), 2);
  const std::size_t rows = (names.size() + columns - 1) / columns;
  const bool has_legend = logs.size() > 1;
  const double legend_height =
      has_legend ? kLegendLine * static_cast<double>(logs.size()) + kMargin : 0;
  const double width = 2 * kMargin + kPanelWidth * static_cast<double>(columns);
  const double height = 2 * kMargin + legend_height + kPanelHeight * static_cast<double>(rows);

  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\">\n"
      "<style>text{{font-family:'DejaVu Sans',Verdana,sans-serif;fill:{2}}}"
      ".n{{font-size:11px;fill:{3}}}.t{{font-size:14px;font-weight:bold}}"
      ".l{{font-size:13px}}</style>\n"
      "<defs><clipPath id=\"plot\"><rect y=\"-1\" width=\"{4:.1f}\" height=\"{5:.1f}\"/>"
      "</clipPath></defs>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      width, height, kInk, kPale, kPlotWidth, kPlotHeight + 2);
  if (has_legend) svg += legend(logs);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::vector<Curve> curves = curves_of(logs, names[i], options.smoothing);
    if (curves.empty()) {
      throw Error(ErrorCode::invalid_argument, "no log has values of " + in_quotes(names[i]));
    }
    svg += panel(kMargin + kPanelWidth * static_cast<double>(i % columns),
                 kMargin + legend_height + kPanelHeight * static_cast<double>(i / columns),
                 names[i], curves);
  }
  return svg + "</svg>\n";
}

}  // namespace blip::train
