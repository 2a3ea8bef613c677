// blip eval report: BLEU and ROUGE-L of medical reports, and the findings that they agree on.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands/eval_tasks.hpp"
#include "cli/commands/judged_texts.hpp"
#include "cli/output/console.hpp"
#include "core/open_file.hpp"
#include "eval/bleu.hpp"
#include "eval/report_findings.hpp"
#include "eval/rouge_l.hpp"

namespace blip::cli {
namespace {

constexpr std::size_t kMaxFindingsBytes = std::size_t{4} << 20;

constexpr std::string_view kWarning =
    "This is no medical device. A report of a model may leave out or invent findings; nobody may "
    "be diagnosed or treated by it.";

constexpr std::string_view kFooter =
    "Examples:\n"
    "  blip eval report --results reports.jsonl --references reports.json\n"
    "  blip eval report -m runs/x-ray/best --data validation-000000.tar --beams 3\n"
    "  blip eval report --results reports.jsonl --references reports.json --findings "
    "findings.json\n"
    "\n"
    "Exit code: 0 judged; 2 something is missing, double or cannot be read.\n";

struct EvalReportOptions {
  JudgedTextOptions texts;
  std::string findings;
};

std::unique_ptr<EvalReportOptions> parse_eval_report_options(Arguments arguments) {
  auto options = std::make_unique<EvalReportOptions>();
  OptionParser app;
  options->texts.declare(app);
  app.add_option("--findings", options->findings,
                 "Findings instead of those of chest X-rays: {\"NAME\": [PHRASES]} or {\"NAME\": "
                 "{\"present\": [PHRASES], \"absent\": [PHRASES]}}")
      ->type_name("FILE")
      ->group("Files");
  const CommandHelp help = {
      .name = "eval report",
      .synopsis =
          "[options] --results FILE --references FILE\n"
          "       blip eval report [options] -m MODEL --data FILE...",
      .summary =
          "Judges medical reports by BLEU and ROUGE-L, and by the findings that they name: "
          "precision, recall and F1 of each. A finding that is denied (\"no effusion\") is not "
          "there; one that is doubted is. This is no medical device.",
      .footer = kFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->texts.check(app, help.name);
  return options;
}

std::vector<eval::NamedFinding> findings_of(const EvalReportOptions& options) {
  if (options.findings.empty()) return eval::chest_findings();
  return eval::parse_findings(read_text_file(options.findings, kMaxFindingsBytes),
                              options.findings);
}

// As papers print shares, times 100.
std::string as_percent(double share) {
  return fmt::format("{:.2f}", 100 * share);
}

// Of all findings together, and the mean of those that any report has; then the F1 of each of
// these, and how many references have it.
void add_findings(EvalScores& scores, const std::vector<eval::FindingAgreement>& findings) {
  eval::FindingAgreement all;
  double sum = 0;
  int seen = 0;
  nlohmann::ordered_json by_name = nlohmann::ordered_json::object();
  std::vector<std::pair<std::string, std::string>> lines;
  for (const eval::FindingAgreement& finding : findings) {
    all.in_both += finding.in_both;
    all.in_results_alone += finding.in_results_alone;
    all.in_references_alone += finding.in_references_alone;
    all.contradictions += finding.contradictions;
    const std::size_t in_references = finding.in_both + finding.in_references_alone;
    if (in_references + finding.in_results_alone == 0) continue;
    sum += finding.f1();
    ++seen;
    by_name[finding.name] = {{"in_references", in_references},
                             {"in_results", finding.in_both + finding.in_results_alone},
                             {"in_both", finding.in_both},
                             {"contradictions", finding.contradictions},
                             {"precision", finding.precision()},
                             {"recall", finding.recall()},
                             {"f1", finding.f1()}};
    lines.emplace_back(fmt::format("{} ({})", finding.name, in_references),
                       as_percent(finding.f1()));
  }
  const double mean = seen == 0 ? 0 : sum / seen;
  scores.json["findings_precision"] = all.precision();
  scores.json["findings_recall"] = all.recall();
  scores.json["findings_f1"] = all.f1();
  scores.json["findings_macro_f1"] = mean;
  scores.json["contradictions"] = all.contradictions;
  scores.json["findings"] = std::move(by_name);
  scores.lines.emplace_back("findings, precision", as_percent(all.precision()));
  scores.lines.emplace_back("findings, recall", as_percent(all.recall()));
  scores.lines.emplace_back("findings, F1", as_percent(all.f1()));
  scores.lines.emplace_back("findings, mean F1", as_percent(mean));
  scores.lines.emplace_back("contradictions", fmt::format("{}", all.contradictions));
  scores.lines.insert(scores.lines.end(), lines.begin(), lines.end());
}

// Of one picture: the findings of its report and of its references.
nlohmann::ordered_json item_of(const eval::JudgedCaptions& judged, std::size_t i,
                               const std::vector<eval::NamedFinding>& findings) {
  const auto names = [&](const std::vector<std::string>& reports) {
    std::vector<std::vector<eval::Mention>> mentions;
    for (const std::string& report : reports) {
      mentions.push_back(eval::mentions_of(report, findings));
    }
    auto list = nlohmann::ordered_json::array();
    for (std::size_t f = 0; f < findings.size(); ++f) {
      const bool is_there = std::ranges::any_of(mentions, [&](const auto& of_report) {
        return of_report[f] >= eval::Mention::uncertain;
      });
      if (is_there) list.push_back(findings[f].name);
    }
    return list;
  };
  return {{"image_id", judged.images[i]},
          {"report", judged.set.captions[i]},
          {"findings", names({judged.set.captions[i]})},
          {"reference_findings", names(judged.set.references[i])}};
}

}  // namespace

ExitCode eval_report(Arguments arguments) {
  const auto options = parse_eval_report_options(arguments);
  if (!options) return ExitCode::ok;
  if (!options->texts.output.quiet()) print_message(kWarning);
  const std::vector<eval::NamedFinding> findings = findings_of(*options);
  const eval::JudgedCaptions judged = judged_texts(options->texts);
  const eval::CaptionSet tokens = eval::tokenized(judged.set);
  const eval::Bleu bleu = eval::bleu(tokens);
  EvalScores scores;
  scores.json["warning"] = kWarning;
  scores.json["images"] = judged.images.size();
  scores.lines.emplace_back("images", fmt::format("{}", judged.images.size()));
  for (std::size_t n = 0; n < eval::kMaxN; ++n) {
    scores.json[fmt::format("bleu_{}", n + 1)] = bleu.corpus[n];
    scores.lines.emplace_back(fmt::format("BLEU-{}", n + 1), as_percent(bleu.corpus[n]));
  }
  const double rouge_l = eval::rouge_l(tokens).mean;
  scores.json["rouge_l"] = rouge_l;
  scores.lines.emplace_back("ROUGE-L", as_percent(rouge_l));
  add_findings(scores, eval::agreement(judged.set.captions, judged.set.references, findings));
  if (options->texts.output.wants_items()) {
    std::vector<nlohmann::ordered_json> items;
    for (std::size_t i = 0; i < judged.images.size(); ++i) {
      items.push_back(item_of(judged, i, findings));
    }
    options->texts.output.write_items(items);
  }
  options->texts.output.write(scores);
  return ExitCode::ok;
}

}  // namespace blip::cli
