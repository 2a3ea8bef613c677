// Training of a VQGAN: pictures become codes and pictures again.
#include <algorithm>
#include <memory>
#include <string>

#include "architectures/dalle/config.hpp"
#include "train/data/batch_tensors.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/save_dalle.hpp"
#include "train/model/vqgan_model.hpp"
#include "train/objectives/vqgan_reconstruction.hpp"
#include "train/recipes/evaluations.hpp"
#include "train/recipes/model_inputs.hpp"
#include "train/recipes/picture_values.hpp"
#include "train/recipes/recipe.hpp"

namespace blip::train {
namespace {

// That of model.start, or a new one as `architecture` has it; checked as the engine would.
VqganConfig vqgan_config(const TrainingConfig& config) {
  if (!config.model.start.empty()) return vqgan_config_of(config.model.start);
  return parse_vqgan_config(vqgan_config_as_json(config.dalle.vqgan_config), "architecture");
}

// A new code counts as unused, so that the first step puts all of them where the encoder is. Codes
// of a model that is there are used until it shows that they are not.
void set_first_code_use(Parameters& parameters, const TrainingConfig& config,
                        const VqganConfig& vqgan, int processes) {
  if (config.model.start.empty()) return;
  const double codes = static_cast<double>(vqgan.grid()) * vqgan.grid() * config.data.batch *
                       processes / vqgan.n_embed;
  for (Parameter& parameter : parameters.all()) {
    if (parameter.role == Role::buffer) parameter.initial = {InitialValue::Kind::constant, codes};
  }
}

// Means over data.validation of what training minimises.
Evaluation evaluate_vqgan(const VqganTrainingModel& model, const TrainingConfig& config,
                          const VqganLossOptions& options, const EvaluationData& data) {
  const torch::NoGradGuard no_grad;
  double loss = 0;
  double reconstruction = 0;
  data.for_each_batch(config.evaluation.batch, [&](std::size_t, const Tensor& pixels) {
    const torch::Tensor pictures = as_torch(pixels).to(model.parameters.device());
    const VqganLosses losses = vqgan_losses(model, pictures, options, nullptr);
    const auto count = static_cast<double>(pictures.size(0));
    loss += losses.total.item<double>() * count;
    reconstruction += losses.reconstruction.item<double>() * count;
  });
  const auto count = static_cast<double>(data.pictures().size());
  return {
      {{"validation_loss", loss / count}, {"validation_reconstruction", reconstruction / count}},
      -loss / count};
}

}  // namespace

Recipe make_vqgan_recipe(const TrainingConfig& config, const ProcessGroup& group) {
  const torch::Device device = group.device();
  const VqganConfig vqgan = vqgan_config(config);
  const auto model = std::make_shared<const VqganTrainingModel>(make_vqgan_model(vqgan, device));
  const ObjectiveConfig& objective = config.objective;
  const VqganLossOptions options = {.squared_error_weight = objective.squared_error_weight,
                                    .codebook_weight = objective.codebook_weight,
                                    .commitment_weight = objective.commitment_weight};
  Recipe recipe;
  recipe.rows = RowKind::picture;
  recipe.adapt = [side = vqgan.resolution](ExampleOptions& example) { example.image_size = side; };
  recipe.parameters = model->parameters;
  set_first_code_use(recipe.parameters, config, vqgan, group.size());
  recipe.losses = [=, gather = gather_of(group)](std::span<const Example> examples,
                                                 const StepPlace& place) {
    VqganLossOptions now = options;
    if (place.epoch < objective.code_restart_epochs) {
      now.restart_share = objective.code_restart_share;
    }
    const torch::Tensor pixels = picture_tensor(examples, 0, plain_pictures()).to(device);
    const VqganLosses losses = vqgan_losses(*model, pixels, now, &gather);
    return StepLosses{losses.total,
                      {{"reconstruction", losses.reconstruction},
                       {"squared_error", losses.squared_error},
                       {"codebook", losses.codebook},
                       {"commitment", losses.commitment},
                       {"used_codes", losses.used_codes}}};
  };
  recipe.description = {{"config.json", vqgan_config_as_json(vqgan)}};
  recipe.save = [=](const std::filesystem::path& directory) { save_vqgan(*model, directory); };
  add_evaluation(
      recipe,
      [=](const std::filesystem::path&, const TrainingConfig& of_run, const EvaluationData& data) {
        return evaluate_vqgan(*model, of_run, options, data);
      },
      config, squashed_pictures(vqgan.resolution, plain_pictures()), group);
  return recipe;
}

}  // namespace blip::train
