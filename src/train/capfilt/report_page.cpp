#include "train/capfilt/report_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/html_text.hpp"
#include "train/capfilt/report_style.hpp"

namespace blip::train {
namespace {

// What a card has room for.
constexpr std::size_t kMaxTextBytes = 300;
constexpr std::size_t kMaxTexts = 6;

// The page may load nothing and run nothing, should an escape ever be forgotten.
constexpr std::string_view kHead =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>CapFilt report</title>\n<style>";

constexpr std::array<TextSource, 3> kSources = {TextSource::web, TextSource::synthetic,
                                                TextSource::human};

struct Section {
  Outcome outcome;
  std::string_view title;
  std::string_view lead;
};

constexpr std::array<Section, kOutcomes> kSections = {{
    {Outcome::replaced, "The synthetic text takes the place of the web’s",
     "Images of which the filter kept the captioner’s text alone."},
    {Outcome::web_stays, "The web’s text stays alone",
     "Images with a text that came with them and was kept, and no synthetic one that was."},
    {Outcome::both_stay, "Both stay", "Images that keep the web’s text and gain a second one."},
    {Outcome::none_stays, "Nothing stays",
     "Images that the new data set does not have: no text reached the threshold."},
}};

// 12345 → "12,345"
std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
  return digits;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "–";
  return fmt::format("{:.1f} %", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string number_box(const std::string& number, const std::string& caption) {
  return fmt::format("<div class=\"sheet\"><b>{}</b><span>{}</span></div>\n", number, caption);
}

std::string numbers(const ReportData& data) {
  std::uint64_t texts = 0;
  std::uint64_t kept = 0;
  for (const TextSource source : kSources) {
    texts += data.counts(source).texts;
    kept += data.counts(source).kept;
  }
  const std::uint64_t without = data.images(Outcome::none_stays);
  const std::uint64_t readable = [&] {
    std::uint64_t sum = 0;
    for (const Section& section : kSections) sum += data.images(section.outcome);
    return sum;
  }();
  std::string html = "<section class=\"numbers\">\n";
  html += number_box(with_commas(data.web_images()), "images of the web");
  html += number_box(with_commas(kept), "of " + with_commas(texts) + " texts kept");
  html += number_box(percent(readable - without, readable), "of the web’s images keep a text");
  if (data.human_images() > 0) {
    html += number_box(with_commas(data.human_images()), "annotated images, passed on");
  }
  html += number_box(with_commas(data.failed()),
                     data.failed() == 1 ? "image could not be read" : "images could not be read");
  return html + "</section>\n";
}

std::string source_table(const ReportData& data) {
  std::string html =
      "<section class=\"sheet\"><table>\n<tr><th>Texts</th><th>all</th><th>kept</th>"
      "<th>dropped</th><th>mean score</th><th colspan=\"2\">keep rate</th></tr>\n";
  for (const TextSource source : kSources) {
    const SourceCounts& counts = data.counts(source);
    if (counts.texts == 0) continue;
    const std::string mean =
        counts.judged == 0
            ? "–"
            : fmt::format("{:.3f}", counts.score_sum / static_cast<double>(counts.judged));
    html += fmt::format(
        "<tr class=\"{0}\"><td><span class=\"badge\">{0}</span></td><td>{1}</td><td>{2}</td>"
        "<td>{3}</td><td>{4}</td><td>{5}</td>"
        "<td class=\"share\"><span class=\"bar\"><i style=\"width:{6:.2f}%\"></i></span></td></tr>"
        "\n",
        name_of(source), with_commas(counts.texts), with_commas(counts.kept),
        with_commas(counts.texts - counts.kept), mean, percent(counts.kept, counts.texts),
        100 * static_cast<double>(counts.kept) / static_cast<double>(counts.texts));
  }
  return html + "</table></section>\n";
}

// Bars of one source's scores, those below the threshold pale.
std::string histogram(TextSource source, const SourceCounts& counts, double threshold) {
  constexpr double kWidth = 480;
  constexpr double kHeight = 170;
  constexpr double kBase = 142;  // below it the numbers of the axis
  constexpr double kTop = 16;
  constexpr double kBar = kWidth / static_cast<double>(kScoreBins);
  const std::uint64_t most = *std::max_element(counts.histogram.begin(), counts.histogram.end());
  std::string svg = fmt::format(
      "<div class=\"sheet {0}\"><div class=\"head\"><span class=\"badge\">{0}</span>"
      "<span>{1} scores, tallest bar {2}</span></div>\n"
      "<svg viewBox=\"-14 0 {3:.0f} {4:.0f}\" role=\"img\" aria-label=\"Histogram of scores\">\n",
      name_of(source), with_commas(counts.judged), with_commas(most), kWidth + 28, kHeight);
  for (std::size_t bin = 0; bin < kScoreBins; ++bin) {
    if (counts.histogram[bin] == 0) continue;
    const double share = static_cast<double>(counts.histogram[bin]) /
                         static_cast<double>(std::max<std::uint64_t>(most, 1));
    const double height = std::max((kBase - kTop) * share, 1.0);
    const double middle = (static_cast<double>(bin) + 0.5) / static_cast<double>(kScoreBins);
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "fill=\"var(--c)\" opacity=\"{}\"/>\n",
        static_cast<double>(bin) * kBar + 1, kBase - height, kBar - 2, height,
        middle >= threshold ? "1" : "0.4");
  }
  svg += fmt::format("<path d=\"M0 {0}H{1}\" stroke=\"var(--pale)\"/>\n", kBase, kWidth);
  for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                       tick * kWidth, kBase + 18, tick);
  }
  svg += fmt::format(
      "<path d=\"M{0:.1f} {1}V{2}\" stroke=\"var(--ink)\" stroke-dasharray=\"4 3\"/>\n"
      "<text x=\"{0:.1f}\" y=\"10\" text-anchor=\"middle\">threshold {3}</text>\n",
      std::clamp(threshold, 0.0, 1.0) * kWidth, kTop, kBase, threshold);
  return svg + "</svg></div>\n";
}

std::string histograms(const ReportData& data, double threshold) {
  std::string html;
  for (const TextSource source : kSources) {
    const SourceCounts& counts = data.counts(source);
    if (counts.judged > 0) html += histogram(source, counts, threshold);
  }
  if (html.empty()) return html;
  return "<h2>Scores</h2>\n<p class=\"lead\">Probability that a text matches its image, by the "
         "filter. Pale bars are dropped.</p>\n<section class=\"charts\">\n" +
         html + "</section>\n";
}

std::string verdict(const JudgedText& text, double threshold) {
  if (!text.score) return text.kept ? "kept" : "dropped: no words";
  const char* sign = *text.score >= threshold ? "≥" : "&lt;";
  return fmt::format("{} · {:.3f} {} {}", text.kept ? "kept" : "dropped", *text.score, sign,
                     threshold);
}

std::string text_item(const JudgedText& text, double threshold) {
  std::string html = fmt::format(
      "<li class=\"{0} {1}\"><div class=\"head\"><span class=\"badge\">{0}</span>"
      "<span class=\"verdict\">{2}</span></div><p><bdi>{3}</bdi></p>",
      name_of(text.source), text.kept ? "kept" : "dropped", verdict(text, threshold),
      html_escaped(shortened(text.text, kMaxTextBytes)));
  if (text.score) {
    html += fmt::format(
        "<div class=\"scale\"><i style=\"width:{:.1f}%\"></i>"
        "<u style=\"left:calc({:.1f}% - 1px)\"></u></div>",
        100 * *text.score, 100 * std::clamp(threshold, 0.0, 1.0));
  }
  return html + "</li>\n";
}

std::string card(const ImageDecision& decision, double threshold, const Thumbnail& thumbnail) {
  const std::string picture = thumbnail(decision.image);
  const std::string key = html_escaped(shortened(decision.key, kMaxTextBytes));
  std::string html = "<article class=\"card sheet\">";
  html += picture.empty() ? "<div class=\"blank\">no picture</div>"
                          : "<img alt=\"\" src=\"" + html_escaped(picture) + "\">";
  html += "<ul>\n";
  const std::size_t shown = std::min(decision.texts.size(), kMaxTexts);
  // The synthetic text is the last one, and never among those that are left out.
  for (std::size_t i = 0; i < shown; ++i) {
    const bool is_last = i + 1 == shown;
    html += text_item(is_last ? decision.texts.back() : decision.texts[i], threshold);
  }
  html += "</ul><div class=\"key\">" + key;
  if (decision.texts.size() > shown) {
    html += fmt::format(" · {} more texts", decision.texts.size() - shown);
  }
  return html + "</div></article>\n";
}

std::string section(std::string_view title, const std::string& lead, const ExampleChoice& examples,
                    double threshold, const Thumbnail& thumbnail) {
  if (examples.chosen().empty()) return {};
  std::string html = fmt::format(
      "<h2>{}</h2>\n<p class=\"lead\">{}</p>\n<section class=\"cards\">\n", title, lead);
  for (const auto& [rank, decision] : examples.chosen()) {
    html += card(decision, threshold, thumbnail);
  }
  return html + "</section>\n";
}

std::string how_many(std::uint64_t all, std::size_t shown) {
  if (all == shown) return fmt::format("All {} of them:", with_commas(all));
  return fmt::format("{} of {}, chosen at random:", shown, with_commas(all));
}

std::string lead(const ReportRun& run) {
  std::string html = "<p class=\"lead\">";
  html += run.captioner.empty() ? "No captioner. "
                                : "Captioner <b>" + html_escaped(run.captioner) + "</b> (" +
                                      html_escaped(run.sampling) + "). ";
  html += run.filter.empty() ? "No filter: all texts are kept."
                             : "Filter <b>" + html_escaped(run.filter) +
                                   "</b>, which keeps a text "
                                   "if its probability of a match is at least " +
                                   fmt::format("{}.", run.threshold);
  return html + "</p>\n";
}

}  // namespace

std::string report_page(const ReportRun& run, const ReportData& data, const Thumbnail& thumbnail) {
  std::string html(kHead);
  html += kReportStyle;
  html += "</style>\n</head>\n<body>\n<main>\n<h1>CapFilt report</h1>\n";
  html += lead(run) + numbers(data) + source_table(data) + histograms(data, run.threshold);
  for (const Section& each : kSections) {
    const std::uint64_t count = data.images(each.outcome);
    const ExampleChoice& examples = data.examples(each.outcome);
    html += section(each.title,
                    fmt::format("{} {}", each.lead, how_many(count, examples.chosen().size())),
                    examples, run.threshold, thumbnail);
  }
  html += section("Borderline", "Images with the texts that were nearest the threshold.",
                  data.borderline(), run.threshold, thumbnail);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace blip::train
