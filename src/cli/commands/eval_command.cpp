// blip eval: judges captions, answers, classes, reports and retrieval, of a model or from files of
// results.
#include <string>

#include "cli/commands.hpp"
#include "cli/commands/eval_tasks.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kHelp =
    "Usage: blip eval TASK [options]\n"
    "\n"
    "Judges captions, answers, classes, reports and retrieval, of a model on a data set or from "
    "files of "
    "results.\n"
    "\n"
    "Tasks:\n"
    "  caption      BLEU-1 to BLEU-4, ROUGE-L and CIDEr\n"
    "  vqa          VQA accuracy\n"
    "  classify     Accuracy of the first label and of the first five, of all and of each class\n"
    "  report       BLEU and ROUGE-L of medical reports, and the findings that they agree on\n"
    "  retrieval    Recall at 1, 5 and 10, of texts for images and of images for texts\n"
    "  search       Recall at 1, 5 and 10 and nDCG, of what is found in an index of photos\n"
    "\n"
    "  -h, --help    `blip eval TASK --help` tells a task's options\n"
    "\n"
    "Examples:\n"
    "  blip eval caption --results captions.json --references captions_val2014.json\n"
    "  blip eval caption -m nano-captioning --data dev-000000.tar --beams 3\n"
    "  blip eval vqa --results answers.json --annotations v2_mscoco_val2014_annotations.json\n"
    "  blip eval classify --data photos --labels \"cat, dog, bird\"\n"
    "  blip eval retrieval --scores scores.npy --texts-per-image 5\n";

}  // namespace

ExitCode run_eval(Arguments arguments) {
  const std::string task = arguments.empty() ? "" : arguments.front();
  if (task == "-h" || task == "--help") {
    print(kHelp);
    return ExitCode::ok;
  }
  if (task == "caption") return eval_caption(arguments.subspan(1));
  if (task == "vqa") return eval_vqa(arguments.subspan(1));
  if (task == "classify") return eval_classify(arguments.subspan(1));
  if (task == "report") return eval_report(arguments.subspan(1));
  if (task == "retrieval") return eval_retrieval(arguments.subspan(1));
  if (task == "search") return eval_search(arguments.subspan(1));
  throw UsageError((task.empty() ? "no task given" : "'" + task + "' is no task to judge") +
                   ": caption, vqa, classify, report, retrieval or search; see: blip eval --help");
}

}  // namespace blip::cli
