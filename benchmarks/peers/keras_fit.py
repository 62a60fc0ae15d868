"""Keras: a Sequential model and its ``fit``, on the backend that KERAS_BACKEND names."""

import keras

OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "rmsprop": lambda rate: keras.optimizers.RMSprop(rate, rho=0.9, epsilon=1e-16),
    "adam": lambda rate: keras.optimizers.Adam(rate, epsilon=1e-8),
}


def model_of(task):
    hidden = [keras.layers.Dense(size, activation=task.activation) for size in task.sizes[1:-1]]
    model = keras.Sequential([keras.Input((task.sizes[0],)), *hidden, keras.layers.Dense(task.sizes[-1])])
    softmax = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = softmax if task.loss == "softmax" else keras.losses.MeanSquaredError()  # of one output: its squared error
    model.compile(OPTIMIZERS[task.rule](task.learning_rate), loss)
    model.set_weights([part for pair in task.weights() for part in pair])
    return model


class Training:
    def __init__(self, task, mode, X, y):
        self.model, self.X, self.y, self.batch_size = model_of(task), X, y, task.batch_size

    def __call__(self, order):
        X, y = self.X[order.ravel()], self.y[order.ravel()]
        history = self.model.fit(X, y, batch_size=self.batch_size, epochs=1, shuffle=False, verbose=0)
        return float(history.history["loss"][0])


def fit(task, mode, X, y, epochs):
    model = model_of(task)
    model.fit(X, y, batch_size=task.batch_size, epochs=epochs, verbose=0)
    return lambda X: model.predict(X, batch_size=1024, verbose=0)
