// toy_training: a training run of a few hundred numbers, with what a real one has (dropout, an
// optimizer with memory, a queue, several processes), for tests that kill, resume and distribute
// it.
//   toy_training train RUN STEPS      resumes if there is something to resume from
//   toy_training write RUN            saves checkpoint after checkpoint until it is killed
//   toy_training gradients | gather | broadcast | rank_dies | never_meets
#include <torch/torch.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "train/run/process_group.hpp"
#include "train/run/random_state.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/stop_request.hpp"

namespace {

using blip::train::NamedTensors;
using blip::train::ProcessGroup;
using blip::train::RunState;
using torch::Tensor;

constexpr std::int64_t kFeatures = 6;
constexpr std::int64_t kRows = 8;
constexpr std::int64_t kQueue = 96;

struct Toy {
  Tensor weight = torch::zeros({kFeatures, kFeatures}).requires_grad_();
  Tensor bias = torch::zeros({kFeatures}).requires_grad_();
  Tensor queue = torch::zeros({kQueue, kFeatures});
  Tensor pointer = torch::zeros({1}, torch::kInt64);
  Tensor weight_average = torch::zeros_like(weight);
  Tensor bias_average = torch::zeros_like(bias);

  NamedTensors model() const {
    return {{"weight", weight}, {"bias", bias}, {"queue", queue}, {"queue_ptr", pointer}};
  }
  NamedTensors optimizer() const {
    return {{"weight.exp_avg", weight_average}, {"bias.exp_avg", bias_average}};
  }
};

// Row i of the data set, which has no end.
Tensor sample(std::int64_t row) {
  return torch::sin(torch::arange(kFeatures, torch::kFloat32) * 0.7 + static_cast<double>(row));
}

// [rows, kFeatures]
Tensor samples(std::int64_t first, std::int64_t rows) {
  std::vector<Tensor> all;
  for (std::int64_t i = 0; i < rows; ++i) all.push_back(sample(first + i));
  return torch::stack(all);
}

Tensor loss_of(const Toy& toy, const Tensor& x) {
  const Tensor hidden = torch::dropout(x, 0.3, /*train=*/true);
  const Tensor y = torch::addmm(toy.bias, hidden, toy.weight);
  return (y - x.roll(1, 1)).pow(2).mean() + y.matmul(toy.queue.t()).pow(2).mean() * 0.01;
}

void train_step(Toy& toy, const ProcessGroup& group, std::int64_t step) {
  const std::int64_t first = (step * group.size() + group.rank()) * kRows;
  const Tensor x = samples(first, kRows);
  loss_of(toy, x).backward();
  group.average_gradients(std::array{toy.weight, toy.bias});
  const torch::NoGradGuard no_gradient;
  toy.weight_average.mul_(0.9).add_(toy.weight.grad(), 0.1);
  toy.bias_average.mul_(0.9).add_(toy.bias.grad(), 0.1);
  toy.weight.sub_(toy.weight_average, 0.05);
  toy.bias.sub_(toy.bias_average, 0.05);
  toy.weight.mutable_grad() = Tensor();
  toy.bias.mutable_grad() = Tensor();
  const Tensor rows = group.all_gather(x);
  const std::int64_t at = toy.pointer.item<std::int64_t>();
  toy.queue.narrow(0, at, rows.size(0)).copy_(rows);
  toy.pointer.fill_((at + rows.size(0)) % kQueue);
}

void copy_all(const NamedTensors& target, const NamedTensors& source) {
  const torch::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : target) {
    tensor.detach().copy_(blip::train::find_tensor(source, name));
  }
}

void save(const std::string& run, const Toy& toy, const ProcessGroup& group, std::int64_t step) {
  RunState state;
  state.position = {step, step / 5, step % 5};
  state.model = toy.model();
  state.optimizer = toy.optimizer();
  state.random = collect_random_states(group, torch::kCPU);
  state.processes = group.size();
  if (group.rank() == 0) save_checkpoint(run, state, 2);
  group.barrier();
}

int train(const std::string& run, std::int64_t steps, const ProcessGroup& group) {
  const blip::train::StopRequest stop;
  blip::train::seed_generators(42, group.rank());
  Toy toy;
  std::int64_t step = 0;
  if (blip::train::find_latest_checkpoint(run)) {
    const RunState state = blip::train::load_checkpoint(run);
    copy_all(toy.model(), state.model);
    copy_all(toy.optimizer(), state.optimizer);
    if (!blip::train::restore_random_state(state.random, group.rank(), torch::kCPU, run)) return 4;
    step = state.position.step;
  }
  while (step < steps) {
    train_step(toy, group, step++);
    if (step == 3) std::cout << "going" << std::endl;
    if (group.any(stop.requested())) break;
  }
  save(run, toy, group, step);
  std::cout << "step " << step << std::endl;
  return stop.requested() ? stop.exit_code() : 0;
}

int write_for_ever(const std::string& run) {
  RunState state;
  for (std::int64_t step = 1;; ++step) {
    const auto value = static_cast<double>(step);
    state.position.step = step;
    state.model = {{"a", torch::full({50'000}, value)}, {"b", torch::full({7}, value)}};
    state.optimizer = {{"a.exp_avg", torch::full({50'000}, value)}};
    state.random = {{"rank00000.cpu", torch::full({16}, step % 100, torch::kUInt8)}};
    save_checkpoint(run, state, 2);
    std::cout << "saved " << step << "." << std::endl;
  }
}

int complain(const std::string& what) {
  std::cerr << what << std::endl;
  return 1;
}

// Each rank has its share of a batch; one process has all of it.
int compare_gradients(const ProcessGroup& group) {
  constexpr std::int64_t kBatch = 8;
  const auto loss = [](const Tensor& weight, const Tensor& x) {
    return torch::tanh(x.matmul(weight)).pow(2).mean();
  };
  torch::manual_seed(1);
  Tensor alone = torch::randn({kFeatures, kFeatures}).requires_grad_();
  Tensor shared = alone.detach().clone().requires_grad_();
  Tensor unused = torch::ones({3}).requires_grad_();
  Tensor once = torch::ones({3}).requires_grad_();  // has a gradient on rank 0 only
  loss(alone, samples(0, kBatch)).backward();
  const std::int64_t rows = kBatch / group.size();
  Tensor mine = loss(shared, samples(group.rank() * rows, rows));
  if (group.rank() == 0) mine = mine + once.sum() * group.size();
  mine.backward();
  group.average_gradients(std::array{shared, unused, once});
  const double difference = (alone.grad() - shared.grad()).abs().max().item<double>();
  if (difference > 1e-6) return complain("gradients differ by " + std::to_string(difference));
  if (alone.grad().abs().max().item<double>() < 1e-3) return complain("nothing was compared");
  if (unused.grad().defined()) return complain("a gradient out of nothing");
  if (!once.grad().equal(torch::ones({3}))) return complain("zeros of other ranks do not count");
  return 0;
}

// Every rank's loss depends on the rows of all ranks.
int compare_gather(const ProcessGroup& group) {
  torch::manual_seed(2);
  const std::int64_t rows = 3;
  const Tensor all = torch::randn({group.size() * rows, 4});
  const Tensor weights = torch::randn({group.size(), group.size() * rows, 4});
  const auto loss = [&](const Tensor& y, std::int64_t rank) {
    return (y * weights[rank]).sum().pow(2) + torch::exp(y).sum();
  };
  Tensor whole = all.clone().requires_grad_();
  Tensor total = torch::zeros({});
  for (int rank = 0; rank < group.size(); ++rank) total = total + loss(whole, rank);
  total.backward();
  const Tensor expected = whole.grad().narrow(0, group.rank() * rows, rows);

  Tensor mine = all.narrow(0, group.rank() * rows, rows).clone().requires_grad_();
  const Tensor gathered = group.all_gather_with_gradient(mine);
  if (!gathered.equal(all)) return complain("gathered in the wrong order");
  loss(gathered, group.rank()).backward();
  const double difference = (mine.grad() - expected).abs().max().item<double>();
  const double size = expected.abs().max().item<double>();
  if (!(difference <= 1e-6 * size)) return complain("off by " + std::to_string(difference));

  const Tensor plain = group.all_gather(mine);
  if (!plain.equal(all) || plain.requires_grad()) return complain("all_gather");
  return 0;
}

int compare_broadcast(const ProcessGroup& group) {
  const Tensor weight = torch::full({2, 3}, group.rank() + 5.0).requires_grad_();
  const Tensor pointer = torch::full({1}, 10 - group.rank(), torch::kInt64);
  group.broadcast(std::array{weight, pointer});
  if (!weight.equal(torch::full({2, 3}, 5.0)) || pointer.item<std::int64_t>() != 10) {
    return complain("not rank 0's values");
  }
  if (!group.any(group.rank() == group.size() - 1)) return complain("any: one did say so");
  if (group.any(false)) return complain("any: none did");
  group.barrier();
  return 0;
}

int lose_a_rank(const ProcessGroup& group) {
  group.barrier();
  if (group.rank() == group.size() - 1) ::_exit(0);
  const Tensor tensor = torch::ones({1000});
  for (int i = 0; i < 100; ++i) group.all_reduce_mean(std::array{tensor});
  return complain("nobody missed the rank that left");
}

int run(const std::vector<std::string>& words) {
  const std::string mode = words.empty() ? "" : words[0];
  if (mode == "write") return write_for_ever(words.at(1));
  const std::chrono::seconds timeout(mode == "never_meets" ? 2 : 60);
  const ProcessGroup group =
      ProcessGroup::join(blip::train::read_launch_environment(), torch::kCPU, timeout);
  if (mode == "train") return train(words.at(1), std::stoll(words.at(2)), group);
  if (mode == "gradients") return compare_gradients(group);
  if (mode == "gather") return compare_gather(group);
  if (mode == "broadcast") return compare_broadcast(group);
  if (mode == "rank_dies") return lose_a_rank(group);
  return complain("unknown mode");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const blip::Error& error) {
    std::cerr << "error: " << error.what() << std::endl;
    return 3;
  }
}
