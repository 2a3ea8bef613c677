#include "training_case.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

#include "architectures/blip/config_text.hpp"
#include "train/objectives/self_critical.hpp"
#include "train/objectives/training_losses.hpp"
#include "train/optimizer/adamw.hpp"

namespace blip::train {
namespace {

using nlohmann::json;

torch::Tensor start_value(const std::string& name, torch::IntArrayRef shape) {
  if (name == "temp") return torch::full({}, 0.07, torch::kFloat64);
  if (name == "logit_scale") return torch::full({}, 2.6592, torch::kFloat64);
  const torch::Tensor u = uniform(name, shape);
  const auto contains = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (name.ends_with("_queue")) return u * std::sqrt(3.0 / static_cast<double>(shape[0]));
  if (shape.size() == 1) {
    const bool is_norm = contains("orm") || contains("_bn.");
    const bool is_scale = (is_norm && name.ends_with("weight")) || name.ends_with("running_var");
    return is_scale ? 1.0 + 0.1 * u : 0.05 * u;
  }
  if (contains("embedding") && !contains("patch") && !contains("backbone")) return 0.2 * u;
  return u * (1.5 / std::sqrt(static_cast<double>(u[0].numel())));
}

TextBatch texts(const json& rows) {
  return {integers(rows.at("ids")), integers(rows.at("mask"))};
}

// One model with what a step of it is.
struct Trainee {
  Parameters* parameters;
  std::function<NamedTensors(const json& step, std::size_t number)> losses;
};

class Runner {
 public:
  explicit Runner(const json& training_case)
      : case_(training_case),
        dtype_(case_.value("dtype", "float32") == "float64" ? torch::kFloat64 : torch::kFloat32),
        config_(parse_config(case_.at("config").dump(), "the case")) {
    options_.dtype = dtype_;
    options_.text_dropout = 0.0;
    options_.queue_size = case_.at("queue_size");
    options_.vision.recomputed_blocks = case_.value("recomputed_blocks", 0);
    options_.vision.is_backbone_fixed = case_.value("backbone_fixed", true);
    if (case_.value("smoothing", "of_targets") == "of_all_positions") {
      smoothing_.smoothing = Smoothing::of_all_positions;
    }
  }

  std::vector<TrainingStep> run() {
    const std::string task = case_.at("task");
    if (task == "pretraining") {
      PretrainingModel model = make_pretraining_model(config_, options_);
      return train(model.parameters, [&](const json& step, std::size_t number) -> NamedTensors {
        const PretrainingLosses losses = pretraining_losses(
            model, {images("images", number, step), texts(step)}, case_.at("alphas").at(number),
            given_negatives(step), single_process(), smoothing_);
        return {{"contrastive", losses.contrastive},
                {"matching", losses.matching},
                {"language_model", losses.language_model},
                {"total", losses.total}};
      });
    }
    if (task == "retrieval") {
      RetrievalModel model = make_retrieval_model(config_, options_);
      return train(model.parameters, [&](const json& step, std::size_t number) -> NamedTensors {
        const RetrievalLosses losses = retrieval_losses(
            model, {images("images", number, step), texts(step), integers(step.at("image_ids"))},
            case_.at("alphas").at(number), NegativesFrom::all_ranks, given_negatives(step),
            single_process());
        return {{"contrastive", losses.contrastive},
                {"matching", losses.matching},
                {"total", losses.total}};
      });
    }
    if (task == "captioning") {
      CaptioningModel model = make_captioning_model(config_, options_);
      return train(model.parameters, [&](const json& step, std::size_t number) -> NamedTensors {
        if (step.contains("advantages")) return {{"total", self_critical(model, step, number)}};
        return {{"total", captioning_loss(model,
                                          {images("images", number, step), texts(step),
                                           step.at("prompt_tokens").get<std::int64_t>()},
                                          smoothing_)}};
      });
    }
    if (task == "question_answering") {
      QuestionAnsweringModel model = make_question_answering_model(config_, options_);
      return train(model.parameters, [&](const json& step, std::size_t number) -> NamedTensors {
        const auto weights = step.at("weights").get<std::vector<double>>();
        return {{"total", question_answering_loss(
                              model,
                              {images("images", number, step), texts(step),
                               texts(step.at("answers")), integers(step.at("answer_counts")),
                               torch::tensor(weights, torch::kFloat64).to(dtype_)},
                              smoothing_)}};
      });
    }
    NlvrModel model = make_nlvr_model(config_, options_);
    return train(model.parameters, [&](const json& step, std::size_t number) -> NamedTensors {
      return {
          {"total", nlvr_loss(model, {images("left", number, step), images("right", number, step),
                                      texts(step), integers(step.at("labels"))})}};
    });
  }

 private:
  std::vector<TrainingStep> train(
      Parameters& parameters,
      const std::function<NamedTensors(const json& step, std::size_t number)>& losses_of) {
    start(parameters);
    AdamW optimizer(parameters.trained(), {});
    std::vector<TrainingStep> steps;
    for (std::size_t number = 0; number < case_.at("steps").size(); ++number) {
      TrainingStep& step = steps.emplace_back();
      parameters.zero_grad();
      step.losses = losses_of(case_.at("steps").at(number), number);
      step.losses.back().second.backward();
      for (const auto& [name, parameter] : parameters.trained()) {
        step.gradients.emplace_back(name, parameter.grad().clone());
      }
      optimizer.step(case_.at("learning_rates").at(number));
      for (const auto& [name, tensor] : parameters.named_state()) {
        step.state.emplace_back(name, tensor.detach().clone());
      }
    }
    return steps;
  }

  // The step's texts as captions that were drawn.
  [[nodiscard]] torch::Tensor self_critical(const CaptioningModel& model, const json& step,
                                            std::size_t number) const {
    const TextBatch drawn = with_first_token(texts(step), decoder_token(config_.text_config));
    const torch::Tensor states = model.vision.forward(images("images", number, step), true);
    const torch::Tensor logits = model.language_model_head.logits(
        model.decoder.decode(drawn, CrossStates{{states}, {}}, /*training=*/true));
    const auto advantages = step.at("advantages").get<std::vector<double>>();
    return self_critical_loss(logits, drawn, step.at("prompt_tokens"),
                              torch::tensor(advantages, torch::kFloat64));
  }

  [[nodiscard]] torch::Tensor images(const std::string& name, std::size_t number,
                                     const json& step) const {
    const json& rows = step.contains("answer_counts") ? step.at("answer_counts") : step.at("ids");
    const std::int64_t size = config_.vision_config.image_size;
    return uniform(name + "." + std::to_string(number),
                   {static_cast<std::int64_t>(rows.size()), 3, size, size})
        .to(torch::kFloat32)
        .to(dtype_);
  }

  // The images first, then the texts, as the losses ask for them.
  static NegativeSampler given_negatives(const json& step) {
    return [&step, asked = 0](const torch::Tensor& /*weights*/) mutable {
      return integers(step.at(asked++ == 0 ? "negative_images" : "negative_texts"));
    };
  }

  json case_;
  torch::Dtype dtype_;
  BlipConfig config_;
  ModelOptions options_;
  LanguageModelOptions smoothing_;
};

}  // namespace

torch::Tensor uniform(const std::string& name, torch::IntArrayRef shape) {
  std::uint64_t state = 0xCBF29CE484222325U;
  for (const char letter : name) {
    state = (state ^ static_cast<unsigned char>(letter)) * 0x100000001B3U;
  }
  torch::Tensor values = torch::empty(shape, torch::kFloat64);
  auto* value = values.data_ptr<double>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    std::uint64_t z = state + static_cast<std::uint64_t>(i + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    z = z ^ (z >> 31U);
    value[i] = static_cast<double>(z >> 40U) / 8388608.0 - 1.0;
  }
  return values;
}

void start(Parameters& parameters) {
  const torch::NoGradGuard no_grad;
  for (Parameter& parameter : parameters.all()) {
    if (parameter.tensor.scalar_type() == torch::kInt64) {
      parameter.tensor.fill_(static_cast<std::int64_t>(parameter.initial.value));
    } else {
      parameter.tensor.copy_(
          start_value(parameter.name, parameter.tensor.sizes()).to(torch::kFloat32));
    }
  }
}

std::vector<TrainingStep> run_training_case(const json& training_case) {
  return Runner(training_case).run();
}

torch::Tensor integers(const json& rows) {
  std::vector<std::int64_t> values;
  std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows.size())};
  for (const json& row : rows) {
    if (row.is_array()) {
      for (const json& value : row) values.push_back(value);
    } else {
      values.push_back(row);
    }
  }
  if (rows.at(0).is_array()) shape.push_back(static_cast<std::int64_t>(rows.at(0).size()));
  return torch::tensor(values, torch::kInt64).view(shape);
}

}  // namespace blip::train
