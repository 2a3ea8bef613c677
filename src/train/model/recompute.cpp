#include "train/model/recompute.hpp"

#include <ATen/Context.h>

#include <utility>

#include "train/model/autocast.hpp"

namespace blip::train {
namespace {

torch::Generator default_generator(const torch::Tensor& x) {
  return at::globalContext().defaultGenerator(x.device());
}

// What forward leaves for backward, beside the input; counted as torch counts what its autograd
// context holds.
struct Recipe : torch::CustomClassHolder {
  Recipe(TensorFunction what, std::vector<torch::Tensor> with, torch::Tensor state, bool rounds)
      : function(std::move(what)),
        parameters(std::move(with)),
        random_state(std::move(state)),
        autocast(rounds) {}

  TensorFunction function;
  std::vector<torch::Tensor> parameters;
  torch::Tensor random_state;
  bool autocast;
};

// Sets a generator back to an earlier state, and forward again when it goes.
class RandomReplay {
 public:
  RandomReplay(torch::Generator generator, const torch::Tensor& state)
      : generator_(std::move(generator)), current_(generator_.get_state()) {
    generator_.set_state(state);
  }
  ~RandomReplay() { generator_.set_state(current_); }
  RandomReplay(const RandomReplay&) = delete;
  RandomReplay& operator=(const RandomReplay&) = delete;

 private:
  torch::Generator generator_;
  torch::Tensor current_;
};

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  // The parameters are named as inputs so that autograd asks for their gradients; `recipe` has
  // them as well.
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const at::TensorList& /*parameters*/,
                               const c10::intrusive_ptr<Recipe>& recipe) {
    context->save_for_backward({x});
    context->saved_data["recipe"] = torch::IValue::make_capsule(recipe);
    return recipe->function(x);  // autograd has switched gradients off
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto holder = context->saved_data["recipe"].toCapsule();
    const auto& recipe = static_cast<const Recipe&>(*holder);
    const torch::Tensor x = context->get_saved_variables().front().detach();
    x.requires_grad_(true);
    torch::Tensor y;
    {
      const torch::AutoGradMode with_gradients(true);
      const RandomReplay replay(default_generator(x), recipe.random_state);
      const Autocast autocast(recipe.autocast, x.device());  // that of forward is over
      y = recipe.function(x);
    }
    std::vector<torch::Tensor> inputs = {x};
    inputs.insert(inputs.end(), recipe.parameters.begin(), recipe.parameters.end());
    torch::autograd::variable_list result =
        torch::autograd::grad({y}, inputs, {gradients.front()}, /*retain_graph=*/false,
                              /*create_graph=*/false, /*allow_unused=*/true);
    result.emplace_back();  // for the recipe
    return result;
  }
};

}  // namespace

torch::Tensor recompute(const TensorFunction& function, const torch::Tensor& x,
                        const std::vector<torch::Tensor>& parameters) {
  if (!torch::GradMode::is_enabled()) return function(x);
  const auto recipe = c10::make_intrusive<Recipe>(
      function, parameters, default_generator(x).get_state().clone(), is_autocast(x.device()));
  return Recompute::apply(x, at::TensorList(parameters), recipe);
}

}  // namespace blip::train
