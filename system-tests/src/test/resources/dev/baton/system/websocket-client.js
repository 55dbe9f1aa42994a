// A client of another language: node with the package ws. Talks to an echo, then waits for the server's Close.
const WebSocket = require('ws');
const socket = new WebSocket(process.argv[2]);
const big = 'grüße '.repeat(20000);
const steps = [
    ['text', () => socket.send('grüße'), (data, binary) => !binary && data.toString() === 'grüße'],
    ['binary', () => socket.send(Buffer.from([0, 255, 1])), (data, binary) => binary && data.equals(Buffer.from([0, 255, 1]))],
    ['fragments', () => { socket.send('a', { fin: false }); socket.send('b', { fin: false }); socket.send('c'); },
        (data) => data.toString() === 'abc'],
    ['big', () => socket.send(big), (data) => data.toString() === big],
];
let step = 0;

function next() {
    if (step < steps.length) {
        steps[step][1]();
    } else {
        socket.ping('p');
    }
}

socket.on('open', () => { console.log('open ' + socket.extensions); next(); });
socket.on('message', (data, binary) => {
    console.log((steps[step][2](data, binary) ? 'right ' : 'wrong ') + steps[step][0]);
    step++;
    next();
});
socket.on('pong', (data) => console.log('pong ' + data));
socket.on('error', (error) => { console.log('error ' + error.message); process.exit(1); });
socket.on('close', (code) => { console.log('close ' + code); process.exit(0); });
