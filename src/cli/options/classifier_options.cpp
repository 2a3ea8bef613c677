#include "cli/options/classifier_options.hpp"

#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"

namespace blip::cli {

void ClassifierOptions::declare(OptionParser& app) {
  model.declare(app, /*batched=*/true);
  labels.declare(app,
                 "Choose between these with a model that embeds images and texts, "
                 "nano-retrieval if none is named");
}

void ClassifierOptions::resolve(const OptionParser& app) {
  labels.resolve();
  // --no-label-cache is refused nowhere: scripts give it always.
  if (!labels.given() && app.was_typed("--template")) {
    throw UsageError("--template needs --labels");
  }
  if (labels.given() && model.name.empty()) model.name = kRetrievalModel;
  model.resolve();
}

app::AnyClassifier ClassifierOptions::open(const app::PictureOptions& pictures, bool quiet,
                                           Context& context) const {
  const app::ModelOptions found = find_model(model, pictures, quiet);
  if (!labels.given()) return app::Classifier(found);
  return app::ZeroShotClassifier(found, {.labels = labels.set, .kept_labels = labels.kept_labels()},
                                 context);
}

}  // namespace blip::cli
